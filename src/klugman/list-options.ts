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
    .option('--mark <mark>', 'what comes after this mark of an earlier answer')
    .option('--limit <n>', 'at most so many (200; no more than 1000 at a time)')
    .addOption(new Option('--all', 'all of them, page by page').conflicts('limit'))
    .addOption(new Option('--count', 'how many there are').conflicts([one, 'all']))
    .addOption(new Option('--watch', `go on: ${watched}`).conflicts([one, 'all', 'mark']))
    .option('--json', 'one JSON object a line')
    .addOption(new Option('--csv', 'comma-separated values').conflicts(['json', 'watch']))
}

export function pageOf({ mark, limit }: ListOptions): Query {
  return { mark, limit }
}
