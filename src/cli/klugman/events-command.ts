import type { Command } from 'commander'
import type { EventQuery } from '../../client/client.ts'
import { createCommand } from '../program.ts'
import { connect } from './connect.ts'
import { eventListing, printList, watchCount, watchList } from './list.ts'
import { eventOutput, printCount } from './output.ts'

type Options = {
  msg_id?: string
  name?: string
  from?: string
  to?: string
  traits?: string
  mark?: string
  limit?: string
  all?: true
  count?: true
  watch?: true
  json?: true
  csv?: true
}

/** `klugman events`: lists and shows events. */
export function eventsCommand(): Command {
  return createCommand(
    'events',
    'list events, those that were stored last first',
    `klugman http://127.0.0.1:8000 events --name compute.instance.exists --limit 5
  klugman events --traits instance_id:8f2c --from 2026-01-31 --all --csv
  klugman events --watch`,
  )
    .option('--msg_id <id>', 'one event')
    .option('--name <type>', 'only those of this event type')
    .option('--from <time>', 'only those after this time')
    .option('--to <time>', 'only those until this time')
    .option('--traits <pairs>', 'only those with these traits: name:value;name:value')
    .option('--mark <mark>', 'what comes after this mark of an earlier answer')
    .option('--limit <n>', 'at most so many (200)')
    .option('--all', 'all of them, page by page')
    .option('--count', 'how many there are')
    .option('--watch', 'go on: print those that are new, or the count when it changes')
    .option('--json', 'one JSON object a line')
    .option('--csv', 'comma-separated values')
    .action(run)
}

async function run(options: Options, command: Command): Promise<void> {
  const client = connect(command)
  const query = queryOf(options)
  if (options.count) {
    const count = (signal?: AbortSignal) => client.countEvents(query, { signal })
    if (options.watch) return watchCount(count, (found) => printCount(found, options))
    return printCount(await count(), options)
  }
  const output = eventOutput(options)
  if (options.msg_id !== undefined) {
    await output.add(await client.getEvent(options.msg_id))
    return output.end()
  }
  if (options.watch) return watchList(eventListing(client), query, output)
  await printList(eventListing(client), query, options.all === true, output)
}

function queryOf(options: Options): EventQuery {
  return {
    eventName: options.name,
    from: options.from,
    to: options.to,
    traits: options.traits,
    mark: options.mark,
    limit: options.limit,
  }
}
