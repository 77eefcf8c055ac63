import type { Command } from 'commander'
import { createCommand, printNote } from '../cli/program.ts'
import { DROPPED_COLUMNS, TRIGGER_COLUMNS } from './columns.ts'
import { connect } from './connect.ts'
import { addFormatOptions, type FormatOptions } from './list-options.ts'
import { droppedOutput, formatOf, triggerOutput } from './output.ts'

type DroppedOptions = FormatOptions & { readonly queue?: string; readonly limit?: string }

/** Creates `klugman triggers`, which lists triggers with their counters. */
export function triggersCommand(): Command {
  const command = createCommand(
    'triggers',
    'list the triggers with their counters: events that match, and why others do not, streams by state, how they ended',
    `klugman http://127.0.0.1:8000 triggers
  klugman triggers -c name -c mismatched -c mismatch --sort-column mismatched
  klugman triggers --json`,
  )
  return addFormatOptions(command, TRIGGER_COLUMNS.shown.join(', ')).action(
    async (options: FormatOptions, own: Command) => {
      const output = triggerOutput(listed(options))
      const triggers = await connect(own).listTriggers()
      for (const trigger of triggers) await output.add(trigger)
      await output.end()
      if (triggers.length === 0) printNote('there are no triggers, and no streams')
    },
  )
}

/** Creates `klugman dropped`, which lists the types of notifications that no event definition matches. */
export function droppedCommand(): Command {
  const command = createCommand(
    'dropped',
    'list notifications that no event definition matches, by queue and event type, the commonest first',
    'klugman http://127.0.0.1:8000 dropped --queue monitor.info',
  )
    .option('--queue <name>', 'only those of a queue')
    .option('--limit <n>', 'number of rows (default: 200)')
  return addFormatOptions(command, DROPPED_COLUMNS.shown.join(', ')).action(
    async (options: DroppedOptions, own: Command) => {
      const output = droppedOutput(listed(options))
      const { queue, limit } = options
      const dropped = await connect(own).listDropped({ queue, limit })
      for (const one of dropped) await output.add(one)
      await output.end()
      if (dropped.length === 0) printNote('no notifications were dropped')
    },
  )
}

/** A line each, wherever it is printed. */
function listed<O extends FormatOptions>(options: O): O {
  return { ...options, format: formatOf(options) ?? 'table' }
}
