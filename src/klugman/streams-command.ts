import { type Command, Option } from 'commander'
import { createCommand, print, printNote, UsageError } from '../cli/program.ts'
import { isConfirmed } from '../cli/terminal/confirm.ts'
import type { Client, StreamAction, StreamQuery } from '../client/client.ts'
import type { StreamVerb } from '../domain/action.ts'
import { ConflictError, NotFoundError } from '../domain/errors.ts'
import { STREAM_STATES } from '../domain/stream.ts'
import { describeExplanation } from '../formats/describe-explanation.ts'
import type { RestStream } from '../formats/rest-form.ts'
import { stringifyJson } from '../text/json.ts'
import { STREAM_COLUMNS } from './columns.ts'
import { connect } from './connect.ts'
import { printList, streamListing } from './list.ts'
import { addListOptions, type ListOptions, oneRowOption, pageOf } from './list-options.ts'
import { absoluteTime, absoluteTraits, sentTime } from './local-times.ts'
import { type Output, printsBoxes, streamOutput } from './output.ts'
import { runAction } from './run-action.ts'
import { showCount, watchStreams } from './watch.ts'

type Options = ListOptions & {
  readonly id?: string
  readonly name?: string
  readonly state?: string
  readonly details?: true
  readonly explain?: true
  readonly lastError?: string
  readonly attempts?: string
  readonly reset?: true
  readonly retry?: true
  readonly expireNow?: true
  readonly fireNow?: true
  readonly delete?: true
  readonly wait?: true
  readonly yes?: true
}

/** Creates `klugman streams`, which lists, shows, resets and deletes streams. */
export function streamsCommand(): Command {
  const command = createCommand(
    'streams',
    'list streams, the newest first; reset and delete them',
    `klugman http://127.0.0.1:8000 streams --state completed --traits instance_id:8f2c --details
  klugman streams --state error --all --csv
  klugman streams --id 17 --explain
  klugman streams --id 17 --reset
  klugman streams --state error --last-error '*timeout*' --reset --all`,
  )
    .addOption(oneRowOption('--id <id>', 'show one stream'))
    .option('--name <name>', 'only those of this trigger: day*, !day')
    .option('--state <state>', `only those in this state, or after ! in others: ${STREAM_STATES.join(', ')}`)
    .option('--from <time>', 'only those with an event after this time: ISO 8601, yesterday, 14:00, -1h')
    .option('--to <time>', 'only those that began before this time')
    .option(
      '--last-error <text>',
      'only those whose last error holds this text, or is like this pattern: *timeout*',
    )
    .option('--attempts <n>', 'only those whose runs were begun so often: 3, >=3')
    .option(
      '--traits <pairs>',
      'only those with these distinguishing traits: name:value;name:wide*;name:>5;name:!value',
    )
    .addOption(new Option('--details', 'with the events of each stream').conflicts('count'))
    .addOption(
      new Option(
        '--explain',
        'why the stream of --id has not fired, or what became of it, and what happens next',
      ).conflicts([...['details', 'reset', 'delete', 'count', 'watch'], ...['column', 'sortColumn', 'csv']]),
    )
    .addOption(action('--reset', 'run again the stream of --id, or --all that match, in an error state'))
    .addOption(action('--retry', 'run at once those that wait for another try'))
    .addOption(action('--fire-now', 'fire active ones at once, whatever they lack'))
    .addOption(action('--expire-now', 'expire active ones at once'))
    .addOption(action('--delete', 'delete them, but not their events; asks first'))
    .option('--wait', 'with --all: wait until their pipelines have come to an end')
    .option('--yes', 'do not ask')
  const watched = 'print streams that are new or have changed state, or the count when it changes'
  return addListOptions(command, watched, STREAM_COLUMNS.shown.join(', ')).action(run)
}

async function run(options: Options, command: Command): Promise<void> {
  const client = connect(command)
  const query = queryOf(options)
  const verb = verbOf(options)
  if (verb !== undefined) return change(client, verb, options)
  if (options.wait) throw new UsageError('--wait needs --reset, --retry, --fire-now or --expire-now')
  if (options.explain) return explain(client, options)
  if (options.count) return showCount((signal) => client.countStreams(query, { signal }), options)
  const boxes = options.details === true || options.id !== undefined
  const printed = { ...options, boxes }
  const plain = streamOutput(printed)
  const counts = !printsBoxes(printed)
  const output = options.details ? withDetails(client, plain, counts) : plain
  if (options.id !== undefined) {
    await plain.add(await client.getStream(options.id, { details: options.details === true, counts }))
    return plain.end()
  }
  if (options.watch) return watchStreams(streamListing(client), { ...query, counts }, output)
  await printList({
    listing: streamListing(client),
    query: { ...query, counts },
    isAll: options.all === true,
    output,
    rows: 'streams',
  })
}

async function explain(client: Client, { id, json, format }: Options): Promise<void> {
  if (id === undefined) throw new UsageError('--explain needs the --id of a stream')
  if (format !== undefined && format !== 'json')
    throw new UsageError(`--explain is printed as text or JSON, not as ${format}`)
  const explanation = await client.explainStream(id)
  await print(json || format ? `${stringifyJson(explanation)}\n` : describeExplanation(explanation))
}

function queryOf(options: Options): StreamQuery {
  return { ...filterOf(options), ...pageOf(options) }
}

function filterOf(options: Options, timeOf = sentTime): StreamAction['filter'] {
  const { id, name: triggerName, state, lastError, attempts, traits: distinguishingTraits, local } = options
  const [youngerThan, olderThan] = [options.from, options.to].map((time) => timeOf(time, local))
  const ids = id === undefined ? undefined : [id]
  return { ids, triggerName, state, lastError, attempts, youngerThan, olderThan, distinguishingTraits }
}

/** Returns the filter of a bulk action: it is counted, asked for and begun, and is to mean the same all the time. */
function bulkFilterOf(options: Options): StreamAction['filter'] {
  return { ...filterOf(options, absoluteTime), distinguishingTraits: absoluteTraits(options.traits) }
}

/** Fetches every listed stream again with its events: lists do not include them. */
function withDetails(client: Client, output: Output<RestStream>, counts: boolean): Output<RestStream> {
  return {
    async add({ id }) {
      try {
        await output.add(await client.getStream(id, { details: true, counts }))
      } catch (error) {
        // The stream was completed and purged after it was listed.
        if (!(error instanceof NotFoundError)) throw error
      }
    },
    end: () => output.end(),
  }
}

/** Names of the options that change streams, which exclude each other. */
const ACTIONS = ['reset', 'retry', 'fireNow', 'expireNow', 'delete'] as const
const VERBS: { readonly [A in (typeof ACTIONS)[number]]: StreamVerb } = {
  reset: 'reset',
  retry: 'retry',
  fireNow: 'fire-now',
  expireNow: 'expire-now',
  delete: 'delete',
}

function action(flags: string, description: string): Option {
  const option = new Option(flags, description)
  const others = ACTIONS.filter((name) => name !== option.attributeName())
  return option.conflicts([
    ...others,
    'details',
    'count',
    'watch',
    'mark',
    'limit',
    'column',
    'sortColumn',
    'csv',
  ])
}

function verbOf(options: Options): StreamVerb | undefined {
  const name = ACTIONS.find((one) => options[one])
  return name && VERBS[name]
}

async function change(client: Client, verb: StreamVerb, options: Options): Promise<void> {
  const { id, all, yes } = options
  if (id === undefined && !all)
    throw new UsageError(`--${verb} needs the --id of a stream, or --all for all that match`)
  if (id !== undefined && verb === 'reset') {
    await client.resetStream(id)
    return printNote(`stream ${id} will be run again`)
  }
  if (id !== undefined && verb === 'delete') return remove(client, id, yes === true)
  const bulk = { action: verb, filter: bulkFilterOf(options) }
  await runAction(client, {
    verb,
    rows: 'streams',
    count: () => client.countStreamAction(bulk),
    begin: () => client.beginStreamAction(bulk),
    // What was named by its number need not be asked for.
    yes: yes === true || id !== undefined,
    wait: options.wait === true,
    json: options.json === true || options.format === 'json',
  })
}

async function remove(client: Client, id: string, yes: boolean): Promise<void> {
  if (!yes && !(await isConfirmed(`delete stream ${id}? Its events stay. [y/N] `, '--delete needs --yes'))) {
    throw new ConflictError(`stream ${id} was not deleted`)
  }
  await client.deleteStream(id)
  printNote(`stream ${id} was deleted`)
}
