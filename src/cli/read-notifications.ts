import { JsonExtent, listElements } from '../text/json-extent.ts'
import { type NumberedLine, readNumberedLines } from './read-lines.ts'

/** A first line of brackets alone, or one that begins a list: the text goes on over the lines after it. */
const OPENS = /^\s*(?:[[{\s]+$|\[)/
/** One that so many lines have not ended is none: each line stands for itself. */
const MOST_LINES = 100_000

/**
 * Reads the notifications of a file (unpacked where it ends in .gz; `-` is standard input): one a line, indented over
 * several lines, or in lists of either kind. Yields each as a text of one line, with the number of its first line. What
 * is no JSON comes line by line as it stands.
 */
export async function* readNotifications(file: string): AsyncGenerator<NumberedLine> {
  let held: NumberedLine[] = []
  let extent = new JsonExtent()
  for await (const line of readNumberedLines(file)) {
    if (held.length === 0 && !OPENS.test(line.text)) {
      yield line
      continue
    }
    held.push(line)
    extent.read(line.text)
    if (extent.depth > 0 && held.length < MOST_LINES) continue
    yield* extent.depth === 0 ? wholes(held) : held
    held = []
    extent = new JsonExtent()
  }
  yield* held
}

/** The notifications of lines that are one JSON text together. */
function wholes(lines: readonly NumberedLine[]): NumberedLine[] {
  const text = lines.map((line) => line.text).join('\n')
  const elements = listElements(text) ?? []
  // A list of anything else is no list of notifications, but one thing that is none.
  const isOfObjects = elements.length > 0 && elements.every((element) => element.text.startsWith('{'))
  const found = isOfObjects ? elements : [{ at: 0, text }]
  return found.map((element) => ({
    number: (lines[text.slice(0, element.at).split('\n').length - 1] as NumberedLine).number,
    text: element.text.replace(/\s*\n\s*/g, ' ').trim(),
  }))
}
