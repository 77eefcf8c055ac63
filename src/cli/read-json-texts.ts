import { JsonExtent, listElements } from '../text/json-extent.ts'
import { type NumberedLine, readNumberedLines } from './read-lines.ts'

/**
 * Matches a first line that is only brackets, or begins a list: the JSON text continues on the next lines.
 */
const OPENS = /^\s*(?:[[{\s]+$|\[)/
/** Number of lines after which an open JSON text is given up, and each line is taken on its own. */
const MOST_LINES = 100_000

/**
 * Reads the notifications of a file (unpacked when its name ends in .gz; `-` is standard input): one per
 * line, indented over several lines, or in lists of either kind.
 *
 * Yields each as a text of one line, with the number of its first line. Text that is not JSON is yielded line
 * by line, unchanged.
 *
 * @example
 * for await (const { number, text } of readNotifications('day.jsonl.gz')) check(text, number)
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

/** Splits lines that form one JSON text into notifications. */
function wholes(lines: readonly NumberedLine[]): NumberedLine[] {
  const text = lines.map((line) => line.text).join('\n')
  const elements = listElements(text) ?? []
  // A list with anything but objects is not a list of notifications: it is passed on as one faulty
  // notification.
  const isOfObjects = elements.length > 0 && elements.every((element) => element.text.startsWith('{'))
  const found = isOfObjects ? elements : [{ at: 0, text }]
  return found.map((element) => ({
    number: (lines[text.slice(0, element.at).split('\n').length - 1] as NumberedLine).number,
    text: element.text.replace(/\s*\n\s*/g, ' ').trim(),
  }))
}
