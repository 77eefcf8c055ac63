import { type Command, Option } from 'commander'
import { createCommand, print, printNote, UsageError } from '../cli/program.ts'
import { isConfirmed } from '../cli/terminal/confirm.ts'
import type { Client, StreamQuery } from '../client/client.ts'
import { ConflictError, NotFoundError } from '../domain/errors.ts'
import { STREAM_STATES } from '../domain/stream.ts'
import { describeExplanation } from '../formats/describe-explanation.ts'
import type { RestStream } from '../formats/rest-form.ts'
import { stringifyJson } from '../text/json.ts'
import { STREAM_COLUMNS } from './columns.ts'
import { connect } from './connect.ts'
import { printList, streamListing } from './list.ts'
import { addListOptions, type ListOptions, oneRowOption, pageOf } from './list-options.ts'
import { sentTime } from './local-times.ts'
import { type Output, printsBoxes, streamOutput } from './output.ts'
import { showCount, watchStreams } from './watch.ts'

type Options = ListOptions & {
  readonly id?: string
  readonly name?: string
  readonly state?: string
  readonly details?: true
  readonly explain?: true
  readonly reset?: true
  readonly delete?: true
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
  klugman streams --id 17 --reset`,
  )
    .addOption(oneRowOption('--id <id>', 'show one stream'))
    .option('--name <name>', 'only those of this trigger: day*, !day')
    .option('--state <state>', `only those in this state, or after ! in others: ${STREAM_STATES.join(', ')}`)
    .option('--from <time>', 'only those with an event after this time: ISO 8601, yesterday, 14:00, -1h')
    .option('--to <time>', 'only those that began before this time')
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
    .option('--reset', 'run the stream of --id again, which must be in an error state')
    .addOption(
      new Option('--delete', 'delete the stream of --id, but not its events; asks first').conflicts('reset'),
    )
    .option('--yes', 'do not ask')
  const watched = 'print streams that are new or have changed state, or the count when it changes'
  return addListOptions(command, watched, STREAM_COLUMNS.shown.join(', ')).action(run)
}

async function run(options: Options, command: Command): Promise<void> {
  const client = connect(command)
  const query = queryOf(options)
  if (options.reset || options.delete) return change(client, options)
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
  const { name: triggerName, state, traits: distinguishingTraits, local } = options
  const [youngerThan, olderThan] = [options.from, options.to].map((time) => sentTime(time, local))
  return { triggerName, state, youngerThan, olderThan, distinguishingTraits, ...pageOf(options) }
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

async function change(client: Client, { id, reset, yes }: Options): Promise<void> {
  const verb = reset ? 'reset' : 'delete'
  if (id === undefined) throw new UsageError(`--${verb} needs the --id of a stream`)
  if (reset) {
    await client.resetStream(id)
    printNote(`stream ${id} will be run again`)
    return
  }
  if (!yes && !(await isConfirmed(`delete stream ${id}? Its events stay. [y/N] `, '--delete needs --yes'))) {
    throw new ConflictError(`stream ${id} was not deleted`)
  }
  await client.deleteStream(id)
  printNote(`stream ${id} was deleted`)
}
