import type { Command } from 'commander'
import { createCommand, printNote } from '../cli/program.ts'
import { SHIP_COLUMNS } from './columns.ts'
import { connect } from './connect.ts'
import { addFormatOptions, type FormatOptions } from './list-options.ts'
import { shipOutput } from './output.ts'

/** Creates `klugman ship`, which lists the hosts that ship their files. */
export function shipCommand(): Command {
  const command = createCommand(
    'ship',
    'list the hosts that ship files: last contact, what was shipped, what is pending, the oldest file that is not, and errors; the URL is that of the API or of a ship-server',
    `klugman http://127.0.0.1:8000 ship
  klugman https://ship.example.org:9999 ship -c host -c pending_files -c errors --sort-column pending_files`,
  )
  return addFormatOptions(command, SHIP_COLUMNS.shown.join(', ')).action(
    async (options: FormatOptions, own: Command) => {
      const output = shipOutput({
        ...options,
        format: options.format ?? (options.json ? 'json' : options.csv ? 'csv' : 'table'),
      })
      const hosts = await connect(own).listShipHosts()
      for (const host of hosts) await output.add(host)
      await output.end()
      if (hosts.length === 0) printNote('the server has no hosts')
    },
  )
}
