export type TableOptions = {
  /** width of the terminal in characters, to which the last column folds; undefined does not fold */
  readonly width?: number | undefined
  /** Adds colour to a cell. The visible text must stay the same: widths are computed from it. */
  readonly colour?: ((text: string, cell: string, row: readonly string[]) => string) | undefined
}

const NARROWEST = 10

/**
 * Formats a table as the original klugman did: cells are centred as Python centres them.
 *
 * @example
 * formatTable(['Property', 'Value'], [['count', '3']])
 */
export function formatTable(
  headers: readonly string[],
  rows: readonly (readonly string[])[],
  { width, colour = (text) => text }: TableOptions = {},
): string {
  const readable = rows.map((row) => row.map(escaped))
  const folded = width === undefined ? readable : foldLast(headers, readable, width)
  const widths = headers.map((header, column) =>
    folded.reduce((most, row) => Math.max(most, lengthOf(row[column] as string)), header.length),
  )
  const rule = `+${widths.map((one) => '-'.repeat(one + 2)).join('+')}+`
  const line = (cells: readonly string[]) =>
    `|${cells.map((cell, column) => ` ${colour(center(cell, widths[column] as number), cell, cells)} `).join('|')}|`
  return [rule, line(headers), rule, ...folded.map(line), rule].join('\n')
}

/** Folds rows whose last cell is too wide into several rows. */
function foldLast(
  headers: readonly string[],
  rows: readonly (readonly string[])[],
  width: number,
): string[][] {
  const others = headers.length - 1
  const taken = headers
    .slice(0, others)
    .map((header, column) => Math.max(header.length, ...rows.map((row) => lengthOf(row[column] as string))))
    .reduce((sum, one) => sum + one + 3, 0)
  const room = Math.max(NARROWEST, width - taken - 4)
  return rows.flatMap((row) =>
    parts(row[others] as string, room).map((part, index) => [
      ...(index === 0 ? row.slice(0, others) : Array(others).fill('')),
      part,
    ]),
  )
}

/** Escapes control characters, which a terminal would interpret. */
export function escaped(text: string): string {
  return text.replace(/\p{Cc}/gu, (control) =>
    JSON.stringify(control)
      .slice(1, -1)
      .replace(/^[^\\]/, unicodeEscape),
  )
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

function parts(text: string, room: number): string[] {
  const characters = [...text]
  const count = Math.max(1, Math.ceil(characters.length / room))
  return Array.from({ length: count }, (_, index) =>
    characters.slice(index * room, (index + 1) * room).join(''),
  )
}

/** Counts characters, not UTF-16 code units. */
function lengthOf(text: string): number {
  return [...text].length
}

/** Centres a text. When the space cannot be halved, the larger half is on the left if the width is odd. */
function center(text: string, width: number): string {
  const space = width - lengthOf(text)
  const left = Math.floor(space / 2) + (space & width & 1)
  return `${' '.repeat(left)}${text}${' '.repeat(space - left)}`
}
