import type { Command } from 'commander'
import { createCommand, UsageError } from '../cli/program.ts'
import { showLogTransport } from '../cli/status/show-log-transport.ts'

type Options = { json?: true }

/** Creates `klugman logs`, which prints how far collectors and processors of logs are, as the status tree knows it. */
export function logsCommand(): Command {
  return createCommand(
    'logs',
    'print how far the collectors and processors of logs are; the URL is that of a status relay or of the /tree of one of them',
    `klugman http://127.0.0.1:9091/ logs
  klugman http://127.0.0.1:9110/tree logs --json`,
  )
    .option('--json', 'one JSON object for each program')
    .action(async (options: Options, command: Command) => {
      const { url } = command.optsWithGlobals<{ url?: string }>()
      if (url === undefined)
        throw new UsageError(
          'the URL of a status tree is missing: give it as in `klugman http://127.0.0.1:9091/ logs`',
        )
      await showLogTransport(url, { json: options.json === true, token: process.env.KLUGMAN_TOKEN })
    })
}
