import { print, printData, printStyled } from '../cli/program.ts'
import { formatTable } from '../cli/terminal/table.ts'
import type { RestValue } from '../formats/rest-form.ts'
import { csvLine, withoutFormula } from '../text/csv.ts'
import { stringifyJson } from '../text/json.ts'
import { printable } from '../text/printable.ts'
import type { Cells } from './columns.ts'
import { plainText } from './format-value.ts'

/** How lists of rows can be printed. */
export const LIST_FORMATS = ['table', 'list', 'value', 'json', 'yaml', 'csv'] as const
export type ListFormat = (typeof LIST_FORMATS)[number]

/** How printed rows look. */
export type Look = {
  /** colours cells of a table */
  readonly colour?: Colour | undefined
  /** width of the terminal, to which the lines of a table are cut; undefined cuts nothing */
  readonly width?: number | undefined
  /** whether texts that a spreadsheet would run as formulas are defused in CSV */
  readonly isDefused?: boolean | undefined
}

/** Prints rows with these columns. */
type Printer = (rows: readonly Cells[], columns: readonly string[], look?: Look) => Promise<void>
export type Colour = (column: string, cell: string, shown: string) => string

/** Prints rows in a format, all at once. */
export const PRINTERS: { readonly [format in ListFormat]: Printer } = {
  table: printTable,
  async list(rows, columns) {
    for (const row of rows) {
      const cells = columns.map((name) => [name, plainText(row[name] ?? null)])
      await print(`${formatTable(['Property', 'Value'], cells)}\n`)
    }
  },
  async value(rows, columns) {
    for (const row of rows) await print(`${columns.map((name) => cellOf(row, name)).join(' ')}\n`)
  },
  async json(rows, columns) {
    for (const row of rows) await print(`${stringifyJson(chosen(row, columns))}\n`)
  },
  async yaml(rows, columns) {
    for (const row of rows) {
      const lines = Object.entries(chosen(row, columns)).map(
        ([name, value]) => `${yamlKey(name)}: ${stringifyJson(yamlValue(value))}`,
      )
      await print(`${lines.map((line, index) => `${index === 0 ? '- ' : '  '}${line}\n`).join('')}`)
    }
  },
  async csv(rows, columns, { isDefused } = {}) {
    if (columns.length === 0) return
    const textOf = (value: RestValue) => (isDefused ? defused(value) : plainText(value))
    await printData(csvLine(columns.map(textOf)))
    for (const row of rows) await printData(csvLine(columns.map((name) => textOf(row[name] ?? null))))
  },
}

/** Returns the members of a row that are chosen and that it has. */
function chosen(row: Cells, columns: readonly string[]): { [column: string]: RestValue } {
  return Object.fromEntries(
    columns.filter((name) => Object.hasOwn(row, name)).map((name) => [name, row[name] ?? null]),
  )
}

/** A row as a line of text, for rows that are printed one by one as they come. */
export function lineOf(row: Cells, columns: readonly string[]): string {
  return columns.map((name) => cellOf(row, name)).join('  ')
}

/** Prints a header and a line for each row, the columns below each other. */
async function printTable(
  rows: readonly Cells[],
  columns: readonly string[],
  { colour = (_, __, shown) => shown, width = Number.POSITIVE_INFINITY }: Look = {},
): Promise<void> {
  const lines = rows.map((row) => columns.map((name) => cellOf(row, name)))
  const widths = columns.map((name, index) =>
    lines.reduce((most, line) => Math.max(most, lengthOf(line[index] as string)), lengthOf(name)),
  )
  const padded = (text: string, index: number) =>
    index === columns.length - 1 ? text : text + ' '.repeat((widths[index] as number) - lengthOf(text))
  const fitted = (texts: readonly string[]) => cutTo(texts.map(padded), width)
  await print(`${fitted(columns.map((name) => name.toUpperCase())).join('  ')}\n`)
  for (const line of lines) {
    const cells = fitted(line).map((shown, index) =>
      colour(columns[index] as string, line[index] as string, shown),
    )
    await printStyled(`${cells.join('  ')}\n`)
  }
}

/** Fewest characters of the last cell that are shown. */
const NARROWEST = 10

/** Cuts the last cell, which may be long, to what the others leave of a width. */
function cutTo(cells: readonly string[], width: number): string[] {
  const others = cells.slice(0, -1)
  const taken = others.reduce((sum, cell) => sum + lengthOf(cell) + 2, 0)
  const room = Math.max(NARROWEST, width - taken)
  const last = [...(cells.at(-1) ?? '')]
  return [...others, last.length <= room ? last.join('') : `${last.slice(0, room - 1).join('')}…`]
}

/** Returns a cell as text without control characters; a dash for what is missing. */
function cellOf(row: Cells, name: string): string {
  return printable(plainText(row[name] ?? null)) || '-'
}

function lengthOf(text: string): number {
  return [...text].length
}

/** Returns a key as YAML reads it: plain where it cannot be taken for anything else. */
function yamlKey(name: string): string {
  return /^[A-Za-z_][\w.]*$/.test(name) ? name : JSON.stringify(name)
}

/** Times are text in YAML, as in tables; the other values are JSON, which YAML contains. */
function yamlValue(value: RestValue): RestValue {
  return typeof value === 'object' && value !== null ? plainText(value) : value
}

/** Returns a value as text, with an apostrophe before a text that a spreadsheet would run as a formula. */
function defused(value: RestValue): string {
  const text = plainText(value)
  return typeof value === 'string' ? withoutFormula(text) : text
}
