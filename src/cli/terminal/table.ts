export type TableOptions = {
  /** columns of the terminal: the last column folds to it; undefined: as wide as it is */
  readonly width?: number | undefined
  /** What a cell looks like on a terminal; must not change its text. */
  readonly colour?: ((text: string, cell: string, row: readonly string[]) => string) | undefined
}

const NARROWEST = 10

/** A table in the look of the original klugman: cells centered, as Python centers them. */
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

/** Rows whose last cell is too long go on in rows of their own. */
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

/** Without what a terminal would act on. */
function escaped(text: string): string {
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

/** In characters, not in the units of UTF-16. */
function lengthOf(text: string): number {
  return [...text].length
}

/** Of an odd space the larger half is on the left when the width is odd. */
function center(text: string, width: number): string {
  const space = width - lengthOf(text)
  const left = Math.floor(space / 2) + (space & width & 1)
  return `${' '.repeat(left)}${text}${' '.repeat(space - left)}`
}
