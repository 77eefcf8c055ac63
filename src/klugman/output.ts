import { print, printStyled } from '../cli/program.ts'
import { formatTable, type TableOptions } from '../cli/terminal/table.ts'
import type { RestAction } from '../formats/action-form.ts'
import { describeDeadLetter, type RestDeadLetter } from '../formats/dead-letter-form.ts'
import type { RestEvent, RestStream } from '../formats/rest-form.ts'
import type { RestShipHost } from '../formats/ship-form.ts'
import { shownEvent, shownStream } from '../formats/shown-form.ts'
import type { RestDropped, RestTrigger } from '../formats/tally-form.ts'
import { stringifyJson } from '../text/json.ts'
import {
  ACTION_COLUMNS,
  allColumns,
  type Cells,
  type Columns,
  compareCells,
  DEAD_LETTER_COLUMNS,
  DROPPED_COLUMNS,
  EVENT_COLUMNS,
  requireColumns,
  SHIP_COLUMNS,
  STREAM_COLUMNS,
  STREAM_TIMES,
  TRIGGER_COLUMNS,
} from './columns.ts'
import { pythonText } from './format-value.ts'
import { type Colour, type ListFormat, type Look, lineOf, PRINTERS } from './list-formats.ts'
import { localDeadLetter, localEvent, localStream } from './local-times.ts'

export type OutputOptions = {
  readonly format?: ListFormat
  readonly json?: true
  readonly csv?: true
  readonly column?: readonly string[]
  readonly sortColumn?: string
  /** whether times are printed in local time, but in JSON */
  readonly local?: true
  /** false defuses texts that a spreadsheet would run as formulas, in CSV */
  readonly formulas?: boolean
  /** whether rows are printed as they come, for --watch */
  readonly watch?: true
  /** whether rows are printed as boxes with all that they hold, where no format is asked for */
  readonly boxes?: boolean
}

/** Prints rows: as boxes, lists, JSON lines, YAML or CSV. */
export type Output<T> = {
  add(row: T): Promise<void>
  /** Must be called after the last row: lists, CSV and sorted rows are printed only then. */
  end(): Promise<void>
}

export function streamOutput(options: OutputOptions): Output<RestStream> {
  return masked(shownStream, localized(options, localStream, outputOf(options, streamTable, STREAM_COLUMNS)))
}

export function deadLetterOutput(options: OutputOptions): Output<RestDeadLetter> {
  const output = outputOf(options, describeDeadLetter, DEAD_LETTER_COLUMNS)
  return localized(options, localDeadLetter, output)
}

export function droppedOutput(options: OutputOptions): Output<RestDropped> {
  return outputOf(options, stringifyJson, DROPPED_COLUMNS)
}

export function triggerOutput(options: OutputOptions): Output<RestTrigger> {
  return outputOf(options, stringifyJson, TRIGGER_COLUMNS)
}

export function shipOutput(options: OutputOptions): Output<RestShipHost> {
  return outputOf(options, stringifyJson, SHIP_COLUMNS)
}

export function actionOutput(options: OutputOptions): Output<RestAction> {
  return outputOf(options, stringifyJson, ACTION_COLUMNS)
}

export function eventOutput(options: OutputOptions): Output<RestEvent> {
  return masked(shownEvent, localized(options, localEvent, outputOf(options, eventTable, EVENT_COLUMNS)))
}

/** Masks the secrets of rows, which an older API sends as they are. */
function masked<T>(shown: (row: T) => T, output: Output<T>): Output<T> {
  return { add: (row) => output.add(shown(row)), end: () => output.end() }
}

/** Shows the times of rows in local time where the options ask for it; JSON is always in UTC. */
function localized<T>(options: OutputOptions, localOf: (row: T) => T, output: Output<T>): Output<T> {
  if (!options.local || formatOf(options) === 'json') return output
  return { add: (row) => output.add(localOf(row)), end: () => output.end() }
}

export function printCount(count: number, options: OutputOptions): Promise<void> {
  const format = formatOf(options)
  if (format === 'json') return print(`${JSON.stringify({ count })}\n`)
  if (format === 'csv') return print(`count\n${count}\n`)
  if (format === 'yaml') return print(`count: ${count}\n`)
  if (format === 'value') return print(`${count}\n`)
  return print(`${formatTable(['Property', 'Value'], [['count', String(count)]])}\n`)
}

/** Returns the format asked for; undefined where there is none. */
export function formatOf({ format, json, csv }: OutputOptions): ListFormat | undefined {
  if (json) return 'json'
  return csv ? 'csv' : format
}

/**
 * Creates the output that the options ask for. Without a format it is a list on a terminal and where columns
 * are chosen, else the boxes of the original klugman.
 */
function outputOf<T>(options: OutputOptions, box: (row: T) => string, columns: Columns<T>): Output<T> {
  const { column, sortColumn, watch } = options
  const isChosen = column !== undefined || sortColumn !== undefined
  if (printsBoxes(options)) return rowOutput(box, printStyled)
  const listed = formatOf(options) ?? 'table'
  // Whole rows in the form of the API need not be held.
  if (listed === 'json' && !isChosen) return rowOutput(stringifyJson, print)
  if (watch) return watchOutput(listed, columns, options)
  return heldOutput(listed, options, columns, box)
}

/** Whether rows are printed as the boxes of the original klugman, each when it comes. */
export function printsBoxes(options: OutputOptions): boolean {
  const { column, sortColumn, boxes } = options
  if (column !== undefined || sortColumn !== undefined) return false
  const format = formatOf(options)
  return format === 'list' || (format === undefined && (boxes === true || !process.stdout.isTTY))
}

function rowOutput<T>(text: (row: T) => string, write: (text: string) => Promise<void>): Output<T> {
  return { add: (row) => write(`${text(row)}\n`), async end() {} }
}

/** Prints each row on its own: a table would have to know all of them. */
function watchOutput<T>(format: ListFormat, columns: Columns<T>, options: OutputOptions): Output<T> {
  const { column } = options
  return {
    async add(row) {
      const cells = columns.cells(row)
      if (format === 'table') return print(`${lineOf(cells, column ?? columns.shown)}\n`)
      await PRINTERS[format]([cells], column ?? columnsOf(format, columns, [cells]), lookOf(options))
    },
    async end() {},
  }
}

/** Holds all rows until the end: columns, widths and order depend on all of them. */
function heldOutput<T>(
  format: ListFormat,
  options: OutputOptions,
  columns: Columns<T>,
  box: (row: T) => string,
): Output<T> {
  const { column, sortColumn } = options
  const held: { readonly row: T; readonly cells: Cells }[] = []
  return {
    async add(row) {
      held.push({ row, cells: columns.cells(row) })
    },
    async end() {
      if (held.length === 0) return
      const sorting = sortColumn === undefined ? [] : [sortColumn]
      requireColumns(
        [...(column ?? []), ...sorting],
        columns,
        held.map(({ cells }) => cells),
      )
      for (const name of sorting) held.sort((a, b) => compareCells(a.cells[name], b.cells[name]))
      // JSON without a choice of columns is the form of the API.
      if (format === 'json' && !column) for (const { row } of held) await print(`${stringifyJson(row)}\n`)
      else if (format === 'list' && !column) for (const { row } of held) await printStyled(`${box(row)}\n`)
      else {
        const rows = held.map(({ cells }) => cells)
        await PRINTERS[format](rows, column ?? columnsOf(format, columns, rows), lookOf(options))
      }
    },
  }
}

/** Returns the columns that a format shows unless others are chosen: tables few, files all. */
function columnsOf<T>(format: ListFormat, columns: Columns<T>, rows: readonly Cells[]): readonly string[] {
  return format === 'table' || format === 'value' ? columns.shown : allColumns(columns, rows)
}

function streamTable(stream: RestStream): string {
  const rows = [
    ['id', String(stream.id)],
    ['state', stream.state],
    ['name', stream.name],
    ...STREAM_TIMES.map((name) => [name, pythonText(stream[name])]),
  ].map(([name, value]) => ['Stream', name as string, value as string])
  for (const [name, value] of Object.entries(stream.distinguishing_traits)) {
    rows.push(['D.Trait', name, pythonText(value)])
  }
  if (stream.last_error !== undefined) rows.push(['Stream', 'last_error', stream.last_error])
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

/** Returns the colouring of states for standard output; undefined where it is no terminal. */
function terminalColour(): Colour | undefined {
  if (!process.stdout.isTTY || process.env.NO_COLOR) return undefined
  return (column, cell, shown) => {
    const code = column === 'state' ? STATE_COLOURS[cell] : undefined
    return code === undefined ? shown : `\u001b[${code}m${shown}\u001b[0m`
  }
}

/** Returns how rows look on standard output: lines of chosen columns are whole, others are cut to the terminal. */
function lookOf({ column, formulas }: OutputOptions): Look {
  const width = process.stdout.isTTY && !column ? process.stdout.columns || undefined : undefined
  return { colour: terminalColour(), width, isDefused: formulas === false }
}

/** Returns the options of tables for standard output: folding and colours on a terminal, none elsewhere. */
function terminalLook(): TableOptions {
  if (!process.stdout.isTTY) return {}
  // Some terminals do not report their width.
  const width = process.stdout.columns || undefined
  const colour = terminalColour()
  if (!colour) return { width }
  return { width, colour: (text, cell, row) => colour(row[1] ?? '', cell, text) }
}
