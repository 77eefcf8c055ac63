import { print, printData, printStyled } from '../cli/program.ts'
import type { RestValue } from '../formats/rest-form.ts'
import { stringifyJson } from '../text/json.ts'
import { printable } from '../text/printable.ts'
import type { Cells } from './columns.ts'
import { plainText } from './format-value.ts'

/** How lists of rows can be printed. */
export const LIST_FORMATS = ['table', 'value', 'json', 'yaml', 'csv'] as const
export type ListFormat = (typeof LIST_FORMATS)[number]

/** Prints rows with these columns. Where `colour` is given, it colours cells of the table. */
type Printer = (rows: readonly Cells[], columns: readonly string[], colour?: Colour) => Promise<void>
export type Colour = (column: string, cell: string, shown: string) => string

/** Prints rows in a format, all at once. */
export const PRINTERS: { readonly [format in ListFormat]: Printer } = {
  table: printTable,
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
  async csv(rows, columns) {
    if (columns.length === 0) return
    await printData(csvLine(columns))
    for (const row of rows) await printData(csvLine(columns.map((name) => plainText(row[name] ?? null))))
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
  colour: Colour = (_, __, shown) => shown,
): Promise<void> {
  const lines = rows.map((row) => columns.map((name) => cellOf(row, name)))
  const widths = columns.map((name, index) =>
    lines.reduce((most, line) => Math.max(most, lengthOf(line[index] as string)), lengthOf(name)),
  )
  const padded = (text: string, index: number) =>
    index === columns.length - 1 ? text : text + ' '.repeat((widths[index] as number) - lengthOf(text))
  await print(`${columns.map((name, index) => padded(name.toUpperCase(), index)).join('  ')}\n`)
  for (const line of lines) {
    const cells = line.map((cell, index) => colour(columns[index] as string, cell, padded(cell, index)))
    await printStyled(`${cells.join('  ')}\n`)
  }
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

/** Formats a line of CSV by RFC 4180, but ends it with a line feed only. */
function csvLine(cells: readonly string[]): string {
  return `${cells.map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',')}\n`
}
