import type { Command } from 'commander'
import { createCommand, UsageError } from '../cli/program.ts'
import type { EventQuery } from '../client/client.ts'
import { parseNamedTime } from '../text/named-time.ts'
import { EVENT_COLUMNS } from './columns.ts'
import { connect } from './connect.ts'
import { eventListing, printList } from './list.ts'
import { addListOptions, type ListOptions, oneRowOption, pageOf } from './list-options.ts'
import { sentTime } from './local-times.ts'
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
    .addOption(oneRowOption('--msg_id <id>', 'show one event'))
    .option('--name <type>', 'only those of this event type: compute.*, !compute.instance.update')
    .option('--from <time>', 'only those after this time: ISO 8601, yesterday, 14:00, -1h')
    .option('--to <time>', 'only those until this time')
    .option('--traits <pairs>', 'only those with these traits: name:value;name:wide*;name:>5;name:!value')
  const watched = 'print new events, or the count when it changes'
  const columns = `${EVENT_COLUMNS.shown.join(', ')}; every trait is a column`
  return addListOptions(command, watched, columns).action(run)
}

async function run(options: Options, command: Command): Promise<void> {
  const client = connect(command)
  const query = queryOf(options)
  if (options.count) return showCount((signal) => client.countEvents(query, { signal }), options)
  const output = eventOutput({ ...options, boxes: options.msg_id !== undefined })
  if (options.msg_id !== undefined) {
    await output.add(await client.getEvent(options.msg_id))
    return output.end()
  }
  if (options.watch) return watchNew(eventListing(client), query, output)
  await printList({
    listing: eventListing(client),
    query,
    isAll: options.all === true,
    output,
    rows: 'events',
  })
}

/** Throws UsageError for a period that ends before it begins: no event can be in it. */
function queryOf(options: Options): EventQuery {
  const { name: eventName, traits, local } = options
  const [from, to] = [options.from, options.to].map((time) => sentTime(time, local))
  const now = Date.now() * 1000
  const [begin, end] = [from, to].map((time) => (time === undefined ? undefined : parseNamedTime(time, now)))
  if (begin !== undefined && end !== undefined && begin >= end)
    throw new UsageError(`--from ${from} is not before --to ${to}`)
  return { eventName, from, to, traits, ...pageOf(options) }
}
