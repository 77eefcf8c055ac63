import type { Command } from 'commander'
import { createCommand, parsePositive, UsageError } from '../cli/program.ts'
import { type Expectation, parseExpectation } from '../cli/status/expectation.ts'
import { showStatusTree } from '../cli/status/show-status-tree.ts'

type Options = {
  json?: true
  watch?: true
  every: number
  prefix?: string
  expect?: readonly Expectation[]
}

const WATCH_S = 5

/** Creates `klugman status`, which prints what each part of a deployment is doing, as a relay of the status tree knows it. */
export function statusCommand(): Command {
  return createCommand(
    'status',
    'print what each part is doing right now; the URL is that of a status relay or of the /tree of a daemon',
    `klugman http://127.0.0.1:9091/ status
  klugman http://127.0.0.1:9101/tree status --expect consumer.state=running`,
  )
    .option('--prefix <text>', 'only keys that begin so')
    .option(
      '--expect <key=value...>',
      'keys that must have these values, else klugman ends with 1',
      parseExpectation,
    )
    .option('--watch', 'look again and again, until Ctrl-C')
    .option('--every <s>', 'seconds between two looks of --watch', parsePositive, WATCH_S)
    .option('--json', 'one JSON object for each key')
    .action(async (options: Options, command: Command) => {
      const { url } = command.optsWithGlobals<{ url?: string }>()
      if (url === undefined)
        throw new UsageError(
          'the URL of a status tree is missing: give it as in `klugman http://127.0.0.1:9091/ status`',
        )
      await showStatusTree(url, { ...options, program: 'klugman', token: process.env.KLUGMAN_TOKEN })
    })
}
