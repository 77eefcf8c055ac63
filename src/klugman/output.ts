import { print, printData, printStyled } from '../cli/program.ts'
import { formatTable, type TableOptions } from '../cli/terminal/table.ts'
import type { RestEvent, RestStream, RestValue } from '../formats/rest-form.ts'
import { shownEvent, shownStream } from '../formats/shown-form.ts'
import { stringifyJson } from '../text/json.ts'
import { plainText, pythonText } from './format-value.ts'

export type OutputOptions = { readonly json?: true; readonly csv?: true }

/** Prints rows as tables, JSON lines or CSV, one row at a time. */
export type Output<T> = {
  add(row: T): Promise<void>
  /** Must be called after the last row: CSV is printed only then. */
  end(): Promise<void>
}

export function streamOutput(options: OutputOptions): Output<RestStream> {
  return outputOf(options, shownStream, streamTable, csvOfStream)
}

export function eventOutput(options: OutputOptions): Output<RestEvent> {
  return outputOf(options, shownEvent, eventTable, (event) => ({ ...event }))
}

export function printCount(count: number, { json, csv }: OutputOptions): Promise<void> {
  if (json) return print(`${JSON.stringify({ count })}\n`)
  if (csv) return print(`count\n${count}\n`)
  return print(`${formatTable(['Property', 'Value'], [['count', String(count)]])}\n`)
}

function outputOf<T>(
  { json, csv }: OutputOptions,
  shown: (row: T) => T,
  table: (row: T) => string,
  cells: (row: T) => { readonly [column: string]: RestValue },
): Output<T> {
  if (csv) return csvOutput((row) => cells(shown(row)))
  return {
    add: (row) => (json ? print(`${stringifyJson(shown(row))}\n`) : printStyled(`${table(shown(row))}\n`)),
    async end() {},
  }
}

/** Holds all rows until the end, because the columns of CSV depend on all of them. */
function csvOutput<T>(cells: (row: T) => { readonly [column: string]: RestValue }): Output<T> {
  const rows: { readonly [column: string]: RestValue }[] = []
  return {
    async add(row) {
      rows.push(cells(row))
    },
    async end() {
      const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))]
      if (columns.length === 0) return
      await printData(csvLine(columns))
      for (const row of rows)
        await printData(csvLine(columns.map((column) => plainText(row[column] ?? null))))
    },
  }
}

/** Formats a line of CSV by RFC 4180, but ends it with a line feed only. */
function csvLine(cells: readonly string[]): string {
  return `${cells.map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',')}\n`
}

const TIMES = ['first_event', 'last_event', 'fire_timestamp', 'expire_timestamp'] as const

function csvOfStream(stream: RestStream): { readonly [column: string]: RestValue } {
  const traits = Object.entries(stream.distinguishing_traits).map(([name, value]) => [`trait.${name}`, value])
  return {
    id: stream.id,
    state: stream.state,
    name: stream.name,
    ...Object.fromEntries(TIMES.map((name) => [name, stream[name]])),
    ...Object.fromEntries(traits),
    ...(stream.events ? { events: stream.events.map(({ message_id }) => message_id).join(' ') } : {}),
  }
}

function streamTable(stream: RestStream): string {
  const rows = [
    ['id', String(stream.id)],
    ['state', stream.state],
    ['name', stream.name],
    ...TIMES.map((name) => [name, pythonText(stream[name])]),
  ].map(([name, value]) => ['Stream', name as string, value as string])
  for (const [name, value] of Object.entries(stream.distinguishing_traits)) {
    rows.push(['D.Trait', name, pythonText(value)])
  }
  const table = formatTable(['Section', 'Property', 'Value'], rows, terminalLook())
  return [table, ...(stream.events ?? []).map(eventTable)].join('\n')
}

function eventTable(event: RestEvent): string {
  const rows = Object.entries(event)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => [name, pythonText(value)])
  return formatTable(['Property', 'Value'], rows, terminalLook())
}

const [RED, GREEN, YELLOW] = [31, 32, 33]
const STATE_COLOURS: { readonly [state: string]: number } = {
  completed: GREEN,
  error: RED,
  expire_error: RED,
  retry_fire: YELLOW,
  retry_expire: YELLOW,
}

/** Returns the options of tables for standard output: folding and colours on a terminal, none elsewhere. */
function terminalLook(): TableOptions {
  if (!process.stdout.isTTY) return {}
  // Some terminals do not report their width.
  const width = process.stdout.columns || undefined
  if (process.env.NO_COLOR) return { width }
  return {
    width,
    colour: (text, cell, row) => {
      const code = row[1] === 'state' ? STATE_COLOURS[cell] : undefined
      return code === undefined ? text : `\u001b[${code}m${text}\u001b[0m`
    },
  }
}
