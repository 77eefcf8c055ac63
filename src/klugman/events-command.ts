import type { Command } from 'commander'
import { createCommand } from '../cli/program.ts'
import type { EventQuery } from '../client/client.ts'
import { connect } from './connect.ts'
import { eventListing, printList } from './list.ts'
import { addListOptions, type ListOptions, pageOf } from './list-options.ts'
import { eventOutput } from './output.ts'
import { showCount, watchNew } from './watch.ts'

type Options = ListOptions & { readonly msg_id?: string; readonly name?: string }

/** Creates `klugman events`, which lists and shows events. */
export function eventsCommand(): Command {
  const command = createCommand(
    'events',
    'list events, the last stored first',
    `klugman http://127.0.0.1:8000 events --name compute.instance.exists --limit 5
  klugman events --traits instance_id:8f2c --from 2026-01-31 --all --csv
  klugman events --watch`,
  )
    .option('--msg_id <id>', 'show one event')
    .option('--name <type>', 'only those of this event type')
    .option('--from <time>', 'only those after this time')
    .option('--to <time>', 'only those until this time')
    .option('--traits <pairs>', 'only those with these traits: name:value;name:value')
  return addListOptions(command, 'msg_id', 'print new events, or the count when it changes').action(run)
}

async function run(options: Options, command: Command): Promise<void> {
  const client = connect(command)
  const query = queryOf(options)
  if (options.count) return showCount((signal) => client.countEvents(query, { signal }), options)
  const output = eventOutput(options)
  if (options.msg_id !== undefined) {
    await output.add(await client.getEvent(options.msg_id))
    return output.end()
  }
  if (options.watch) return watchNew(eventListing(client), query, output)
  await printList(eventListing(client), query, options.all === true, output)
}

function queryOf(options: Options): EventQuery {
  const { name: eventName, from, to, traits } = options
  return { eventName, from, to, traits, ...pageOf(options) }
}
