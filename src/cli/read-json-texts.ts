import type { Position } from '../domain/errors.ts'
import { faultInJson } from '../text/json-bytes.ts'
import { JsonExtent, listElements, type TextPart } from '../text/json-extent.ts'
import { type NumberedLine, readNumberedLines } from './read-lines.ts'

/** A JSON object of a file, or what stands in the place of one. */
export type JsonText = {
  /** the line on which it begins, from 1 */
  readonly number: number
  /** the text on one line */
  readonly text: string
  /** the bytes of a line that is not UTF-8, whose text has U+FFFD in place of some */
  readonly bytes?: Buffer | undefined
  /** Returns where the text ceases to be JSON; where it begins if it is JSON. */
  place(): Position
}

/** Lines of a list after which its complete elements are passed on. */
const LINES_AT_A_TIME = 10_000
/** Lines of one object after which it is given up, and each line is taken on its own. */
const MOST_LINES = 1_000_000

/**
 * Reads the JSON objects of a file, such as notifications or events: one a line, indented over several lines,
 * or in lists of either kind. The file may be packed by gzip; `-` is standard input.
 *
 * Yields each object as a text of one line, until `signal` aborts. Text that is not JSON is yielded line by line,
 * unchanged.
 *
 * @example
 * for await (const { number, text } of readJsonTexts('day.jsonl.gz')) check(text, number)
 */
export async function* readJsonTexts(file: string, signal?: AbortSignal): AsyncGenerator<JsonText> {
  let open: OpenText | undefined
  for await (const line of readNumberedLines(file, signal)) {
    if (open && (line.bytes || !open.goesOnWith(line.text))) {
      yield* open.lines.map((one) => lineText(file, one))
      open = undefined
    }
    if (!open && (line.bytes || !isBegin(line.text))) {
      yield lineText(file, line)
      continue
    }
    open ??= new OpenText()
    open.add(line)
    if (open.isWhole) {
      yield* objectsOf(file, open.lines)
      open = undefined
    } else if (open.isFaulty) {
      yield* open.lines.map((one) => lineText(file, one))
      open = undefined
    } else if (open.isList && open.lines.length % LINES_AT_A_TIME === 0) {
      const [complete, rest] = completeElements(file, open.lines)
      yield* complete
      open = new OpenText()
      for (const one of rest) open.add(one)
    }
  }
  if (open) yield* open.lines.map((line) => lineText(file, line))
}

/**
 * Returns the reason of a refusal without the offset at which the JSON parser stopped: it is one into the text
 * on one line, and place() has that of the file.
 */
export function withoutOffset(reason: string): string {
  return reason.replace(/(?: in JSON)? at position \d+(?: \(line \d+ column \d+\))?/, '')
}

/** Whether a line begins an object or list that may go on. Most lines are whole objects and are not looked into. */
function isBegin(line: string): boolean {
  const text = line.trim()
  return text.startsWith('[') || (text.startsWith('{') && !text.endsWith('}'))
}

/** Lines that form the begin of a JSON text. */
class OpenText {
  readonly lines: NumberedLine[] = []
  readonly #extent = new JsonExtent()
  #last = ''

  add(line: NumberedLine): void {
    this.lines.push(line)
    this.#extent.read(line.text)
    this.#last = line.text.trimEnd().at(-1) ?? this.#last
  }

  get isList(): boolean {
    return this.lines[0]?.text.trimStart().startsWith('[') ?? false
  }

  get isWhole(): boolean {
    return this.#extent.depth === 0
  }

  /** Whether the text cannot be JSON: no string goes over the end of a line. */
  get isFaulty(): boolean {
    return this.#extent.isInString || this.#extent.depth < 0 || this.lines.length >= MOST_LINES
  }

  /**
   * Whether a line can go on with the text. A whole object in a line does not go on with a line that was cut
   * off before it.
   */
  goesOnWith(line: string): boolean {
    const next = line.trimStart()[0] as string
    if (',:}]'.includes(next)) return true
    const isInObject = !this.isList && this.#extent.depth === 1
    return '[{,:'.includes(this.#last) && !(isInObject && this.#last !== ':' && next === '{')
  }
}

/** Returns the objects of lines that form one whole JSON text. */
function objectsOf(file: string, lines: readonly NumberedLine[]): JsonText[] {
  const text = joined(lines)
  const list = listElements(text)
  const elements = list?.isWhole ? list.elements : []
  // A list with anything but objects is passed on as one faulty object.
  const isOfObjects = elements.length > 0 && elements.every((element) => element.text.startsWith('{'))
  return placed(file, lines, isOfObjects ? elements : [{ at: text.search(/\S|$/), text: text.trim() }])
}

/** Returns the complete elements of a list that goes on, and lines that stand for the rest of it. */
function completeElements(
  file: string,
  lines: readonly NumberedLine[],
): readonly [readonly JsonText[], readonly NumberedLine[]] {
  const text = joined(lines)
  const { elements, end } = listElements(text) ?? { elements: [], end: 0 }
  if (elements.length === 0) return [[], lines]
  const [first = '', ...others] = text.slice(end).split('\n')
  const number = (lines.at(-1 - others.length) as NumberedLine).number
  // The bracket stands where the comma before the rest was, so that the first element of the rest keeps its place.
  const begin = { number, text: `${' '.repeat(columnAt(text, end) - 1)}[${first}` }
  return [placed(file, lines, elements), [begin, ...lines.slice(lines.length - others.length)]]
}

function joined(lines: readonly NumberedLine[]): string {
  return lines.map((line) => line.text).join('\n')
}

/** Returns the number of characters between the begin of a line and an index into the text. */
function columnAt(text: string, at: number): number {
  return at - (text.lastIndexOf('\n', at - 1) + 1)
}

/** Returns parts of joined lines, in order, with their places. */
function placed(file: string, lines: readonly NumberedLine[], parts: readonly TextPart[]): JsonText[] {
  let [index, begin] = [0, 0]
  return parts.map(({ at, text }) => {
    for (;;) {
      const end = begin + (lines[index] as NumberedLine).text.length
      if (at <= end) break
      begin = end + 1
      index++
    }
    return jsonText(file, lines, index, at - begin, text)
  })
}

function lineText(file: string, { number, text, bytes }: NumberedLine): JsonText {
  return { number, text, bytes, place: () => placeIn(file, [{ number }], 0, text) }
}

/** `index` is that of the line on which the text begins, `column` its offset there, from 0. */
function jsonText(
  file: string,
  lines: readonly NumberedLine[],
  index: number,
  column: number,
  text: string,
): JsonText {
  return {
    number: (lines[index] as NumberedLine).number,
    text: onOneLine(text),
    place: () => placeIn(file, lines.slice(index), column, text),
  }
}

/** Returns a JSON text on one line: line feeds stand between tokens only. */
function onOneLine(text: string): string {
  if (!text.includes('\n')) return text.trim()
  return text
    .split('\n')
    .map((line) => line.trim())
    .join(' ')
    .trim()
}

/** Returns where a text that begins at an offset into the first of these lines ceases to be JSON. */
function placeIn(
  file: string,
  lines: readonly Pick<NumberedLine, 'number'>[],
  column: number,
  text: string,
): Position {
  const bytes = Buffer.from(text)
  const before = bytes.toString('utf8', 0, Math.max(faultInJson(bytes), 0)).split('\n')
  const last = (before.at(-1) as string).length
  const { number: line } = lines[before.length - 1] as NumberedLine
  return { file, line, column: (before.length === 1 ? column : 0) + last + 1 }
}
