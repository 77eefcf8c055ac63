import type { JsonText } from './json-text.ts'
import { readNumberedLines } from './read-lines.ts'
import { JsonTextSplitter } from './split-json-texts.ts'
import { unwrapMessage } from './unwrap-message.ts'

/**
 * Reads the JSON objects of a file, such as notifications or events: one a line, several on a line, indented over
 * several lines, or in lists. The file may be packed by gzip; `-` is standard input.
 *
 * Yields each object as a text of one line, until `signal` aborts. What is not JSON is yielded as JsonTextSplitter
 * does: a fault costs the objects around it nothing. Of messages that RabbitMQ's management has written, the payload
 * is yielded.
 *
 * @example
 * for await (const { number, text } of readJsonTexts('day.jsonl.gz')) check(text, number)
 */
export async function* readJsonTexts(file: string, signal?: AbortSignal): AsyncGenerator<JsonText> {
  const splitter = new JsonTextSplitter(file)
  for await (const line of readNumberedLines(file, signal)) {
    for (const text of splitter.add(line)) yield unwrapMessage(text)
  }
  if (signal?.aborted) return
  for (const text of splitter.end()) yield unwrapMessage(text)
}

/**
 * Returns the reason of a refusal without the offset at which the JSON parser stopped: it is one into the text
 * on one line, and place() has that of the file.
 */
export function withoutOffset(reason: string): string {
  return reason.replace(/(?: in JSON)? at position \d+(?: \(line \d+ column \d+\))?/, '')
}
