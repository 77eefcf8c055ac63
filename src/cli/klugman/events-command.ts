import { type Command, Option } from 'commander'
import type { EventQuery } from '../../client/client.ts'
import { createCommand } from '../program.ts'
import { connect } from './connect.ts'
import { eventListing, printList } from './list.ts'
import { eventOutput, printCount } from './output.ts'
import { watchCount, watchNew } from './watch.ts'

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
    .option('--limit <n>', 'at most so many (200; no more than 1000 at a time)')
    .addOption(new Option('--all', 'all of them, page by page').conflicts('limit'))
    .addOption(new Option('--count', 'how many there are').conflicts(['msg_id', 'all']))
    .addOption(
      new Option('--watch', 'go on: print those that are new, or the count when it changes').conflicts([
        'msg_id',
        'all',
        'mark',
      ]),
    )
    .option('--json', 'one JSON object a line')
    .addOption(new Option('--csv', 'comma-separated values').conflicts(['json', 'watch']))
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
  if (options.watch) return watchNew(eventListing(client), query, output)
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
