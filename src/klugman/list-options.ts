import { type Command, Option } from 'commander'
import type { Query } from './list.ts'
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

/**
 * Adds the common list options. `one` is the name of the option that shows a single row, `watched` the help
 * text for what --watch prints.
 */
export function addListOptions(command: Command, one: string, watched: string): Command {
  return command
    .option('--mark <mark>', 'rows after this mark, the _mark of an earlier row')
    .option('--limit <n>', 'number of rows (default: 200, at most 1000)')
    .addOption(new Option('--all', 'all rows, page by page').conflicts('limit'))
    .addOption(new Option('--count', 'only the number of rows').conflicts([one, 'all']))
    .addOption(new Option('--watch', `keep running and ${watched}`).conflicts([one, 'all', 'mark']))
    .option('--json', 'one JSON object a line')
    .addOption(new Option('--csv', 'comma-separated values').conflicts(['json', 'watch']))
}

export function pageOf({ mark, limit }: ListOptions): Query {
  return { mark, limit }
}
