#!/usr/bin/env node
import type { Command } from 'commander'
import { type Client, createClient, type QueryParams } from '../client/client.ts'
import { InvalidError } from '../domain/errors.ts'
import type { RestEvent, RestStream, RestValue } from '../domain/rest-form.ts'
import { createCommand, runProgram } from './program.ts'
import { formatTable } from './table.ts'

type GlobalOptions = { url?: string; debug?: true }
type StreamOptions = {
  id?: string
  name?: string
  state?: string
  from?: string
  to?: string
  limit?: string
  details?: true
  count?: true
  json?: true
}
type EventOptions = {
  msg_id?: string
  name?: string
  from?: string
  to?: string
  limit?: string
  count?: true
  json?: true
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

function clientOf(command: Command): Client {
  const { url = process.env.KLUGMAN_URL, debug } = command.optsWithGlobals<GlobalOptions>()
  if (!url) throw new InvalidError('where is the API? Name it as in `klugman http://127.0.0.1:8000 streams`')
  if (!URL.canParse(url))
    throw new InvalidError(`${JSON.stringify(url)} is no URL; expected one such as http://127.0.0.1:8000`)
  return createClient({ url, ...(debug ? { onRequest: (request) => print(`URL: ${request.href}`) } : {}) })
}

const streams = createCommand(
  'streams',
  'list streams, the newest first',
  'klugman http://127.0.0.1:8000 streams --state completed --details',
)
  .option('--id <id>', 'one stream')
  .option('--name <name>', 'only those of this trigger')
  .option('--state <state>', 'only those in this state')
  .option('--from <time>', 'only those with an event after this time')
  .option('--to <time>', 'only those that began before this time')
  .option('--limit <n>', 'at most so many (200)')
  .option('--details', 'with their events')
  .option('--count', 'how many there are')
  .option('--json', 'one JSON object a line')
  .action(async (options: StreamOptions, command: Command) => {
    const client = clientOf(command)
    const params: QueryParams = {
      trigger_name: options.name,
      state: options.state,
      younger_than: options.from,
      older_than: options.to,
      limit: options.limit,
      details: options.details,
    }
    if (options.count) return printCount(await client.countStreams(params))
    const found =
      options.id === undefined
        ? await client.listStreams(params)
        : [await client.getStream(options.id, params)]
    for (const stream of found) {
      if (options.json) print(JSON.stringify(stream))
      else printStream(stream)
    }
  })

const events = createCommand(
  'events',
  'list events, the newest first',
  'klugman http://127.0.0.1:8000 events --name compute.instance.exists --limit 5',
)
  .option('--msg_id <id>', 'one event')
  .option('--name <type>', 'only those of this event type')
  .option('--from <time>', 'only those after this time')
  .option('--to <time>', 'only those until this time')
  .option('--limit <n>', 'at most so many (200)')
  .option('--count', 'how many there are')
  .option('--json', 'one JSON object a line')
  .action(async (options: EventOptions, command: Command) => {
    const client = clientOf(command)
    const params: QueryParams = {
      event_name: options.name,
      from_datetime: options.from,
      to_datetime: options.to,
      limit: options.limit,
    }
    if (options.count) return printCount(await client.countEvents(params))
    const found: RestEvent[] =
      options.msg_id === undefined ? await client.listEvents(params) : [await client.getEvent(options.msg_id)]
    for (const event of found) {
      if (options.json) print(JSON.stringify(event))
      else printEvent(event)
    }
  })

function printCount(count: number): void {
  print(formatTable(['Property', 'Value'], [['count', String(count)]]))
}

function printStream(stream: RestStream): void {
  const rows = [
    ['id', String(stream.id)],
    ['state', stream.state],
    ['name', stream.name],
    ['first_event', formatValue(stream.first_event)],
    ['last_event', formatValue(stream.last_event)],
    ['fire_timestamp', formatValue(stream.fire_timestamp)],
    ['expire_timestamp', formatValue(stream.expire_timestamp)],
  ].map(([name, value]) => ['Stream', name as string, value as string])
  for (const [name, value] of Object.entries(stream.distinguishing_traits)) {
    rows.push(['D.Trait', name, formatValue(value)])
  }
  print(formatTable(['Section', 'Property', 'Value'], rows))
  for (const event of stream.events ?? []) printEvent(event)
}

function printEvent(event: RestEvent): void {
  const rows = Object.entries(event)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => [name, formatValue(value)])
  print(formatTable(['Property', 'Value'], rows))
}

/** As Python prints the values. */
function formatValue(value: RestValue): string {
  if (value === null) return 'None'
  if (typeof value !== 'object') return String(value)
  if (value.__type__ === 'datetime') return value.datetime.replace('T', ' ')
  return `TimeRange from ${pythonDatetime(value.begin)} to ${pythonDatetime(value.end)}`
}

function pythonDatetime(iso: string): string {
  const [year, month, day, hour, minute, second, micro] = iso.split(/[-T:.]/).map(Number) as number[]
  const parts = [year, month, day, hour, minute]
  if (second || micro) parts.push(second)
  if (micro) parts.push(micro)
  return `datetime.datetime(${parts.join(', ')})`
}

/** The URL may stand before the command, as in the original. */
function withUrlOption(args: readonly string[]): string[] {
  const at = args.findIndex((arg) => /^https?:\/\//.test(arg))
  if (at < 0 || args[at - 1] === '--url') return [...args]
  return [...args.slice(0, at), '--url', ...args.slice(at)]
}

process.argv = [...process.argv.slice(0, 2), ...withUrlOption(process.argv.slice(2))]
const program = createCommand(
  'klugman',
  'query the REST API of StackTach',
  'klugman http://127.0.0.1:8000 streams --count',
)
  .option('--url <url>', 'where the API is (default: KLUGMAN_URL from the environment)')
  .option('--debug', 'print each request')
program.addCommand(streams)
program.addCommand(events)
await runProgram(program)
