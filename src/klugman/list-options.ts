import { type Command, Option } from 'commander'
import { localOption } from '../cli/program.ts'
import type { Query } from './list.ts'
import { LIST_FORMATS } from './list-formats.ts'
import type { OutputOptions } from './output.ts'

/** Options that all lists have in common. */
export type ListOptions = OutputOptions & {
  readonly from?: string
  readonly to?: string
  readonly traits?: string
  readonly mark?: string
  readonly limit?: string
  readonly all?: true
  readonly count?: true
  readonly watch?: true
}

/** Options of rows that are printed. */
export type FormatOptions = Omit<OutputOptions, 'watch' | 'boxes'>

/** Names of the options that choose rows of a list, and so say nothing beside one row. */
const CHOOSING = [
  ...['name', 'state', 'stage', 'queue', 'reason', 'stream', 'from', 'to', 'traits'],
  ...['lastError', 'attempts'],
  ...['mark', 'limit', 'all', 'count', 'watch'],
]

/**
 * Adds the common list options. `watched` is the help text for what --watch prints, `columns` those of a
 * list.
 */
export function addListOptions(command: Command, watched: string, columns: string): Command {
  const paged = command
    .option('--mark <mark>', 'rows after this mark, the _mark of an earlier row')
    .option('--limit <n>', 'number of rows (default: 200)')
    .addOption(new Option('--all', 'all rows, page by page').conflicts('limit'))
    .addOption(new Option('--count', 'only the number of rows').conflicts(['all', 'column', 'sortColumn']))
    .addOption(new Option('--watch', `keep running and ${watched}`).conflicts(['all', 'mark', 'sortColumn']))
  return addFormatOptions(paged, columns)
}

/** Adds the options that say how rows are printed. */
export function addFormatOptions(command: Command, columns: string): Command {
  return command
    .addOption(
      new Option(
        '-f, --format <format>',
        'how rows are printed; list is a box for each (default: a table on a terminal, else list)',
      )
        .choices(LIST_FORMATS)
        .conflicts(['json', 'csv']),
    )
    .option(
      '-c, --column <name>',
      `print this column; may be given several times (default: ${columns})`,
      (name: string, before: readonly string[] = []) => [...before, name],
    )
    .option('--sort-column <name>', 'sort the printed rows by this column')
    .option('--json', 'one JSON object a line, as -f json')
    .addOption(new Option('--csv', 'comma-separated values, as -f csv').conflicts(['json', 'watch']))
    .option(
      '--no-formulas',
      'CSV for spreadsheets: an apostrophe before texts that they would run as formulas',
    )
    .addOption(localOption())
}

/** Creates the option that shows a single row, beside which nothing chooses rows. */
export function oneRowOption(flags: string, description: string): Option {
  return new Option(flags, description).conflicts(CHOOSING)
}

export function pageOf({ mark, limit }: ListOptions): Query {
  return { mark, limit }
}
