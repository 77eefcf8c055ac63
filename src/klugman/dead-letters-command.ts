import { type Command, Option } from 'commander'
import { createCommand, printNote, UsageError } from '../cli/program.ts'
import { isConfirmed } from '../cli/terminal/confirm.ts'
import type { Client, DeadLetterQuery } from '../client/client.ts'
import { ConflictError } from '../domain/errors.ts'
import { DEAD_LETTER_COLUMNS } from './columns.ts'
import { connect } from './connect.ts'
import { deadLetterListing, printList } from './list.ts'
import { addListOptions, type ListOptions, oneRowOption, pageOf } from './list-options.ts'
import { sentTime } from './local-times.ts'
import { deadLetterOutput } from './output.ts'
import { showCount, watchNew } from './watch.ts'

type Options = ListOptions & {
  readonly id?: string
  readonly stage?: string
  readonly queue?: string
  readonly reason?: string
  readonly stream?: string
  readonly delete?: true
  readonly yes?: true
}

/** Creates `klugman dead-letters`, which lists, shows and deletes what could not be processed. */
export function deadLettersCommand(): Command {
  const command = createCommand(
    'dead-letters',
    'list what could not be processed, and why, the newest first; show and delete it',
    `klugman http://127.0.0.1:8000 dead-letters --stage distill --from -1h
  klugman dead-letters --id 12
  klugman dead-letters --reason 'not an integer' --count`,
  )
    .addOption(oneRowOption('--id <id>', 'show one with its body, secrets masked'))
    .option(
      '--stage <stage>',
      'only those of a stage: decode, validate, distill, size, store, pipeline, commit, app:NAME',
    )
    .option('--queue <name>', 'only those of a queue')
    .option('--reason <text>', 'only those whose reason contains this text')
    .option('--stream <id>', 'only those of a stream')
    .option('--from <time>', 'only those kept after this time: ISO 8601, yesterday, 14:00, -1h')
    .option('--to <time>', 'only those kept before this time')
    .addOption(new Option('--delete', 'delete the one of --id for good; asks first'))
    .option('--yes', 'do not ask')
  const watched = 'print new ones, or the count when it changes'
  return addListOptions(command, watched, DEAD_LETTER_COLUMNS.shown.join(', ')).action(run)
}

async function run(options: Options, command: Command): Promise<void> {
  const client = connect(command)
  const query = queryOf(options)
  if (options.delete) return remove(client, options)
  if (options.count) return showCount((signal) => client.countDeadLetters(query, { signal }), options)
  if (options.id !== undefined) {
    const output = deadLetterOutput({ ...options, boxes: true })
    await output.add(await client.getDeadLetter(options.id))
    return output.end()
  }
  // A line each, wherever it is printed: no old script reads them as boxes.
  const format = options.format ?? (options.json ? 'json' : options.csv ? 'csv' : 'table')
  const output = deadLetterOutput({ ...options, format })
  if (options.watch) return watchNew(deadLetterListing(client), query, output)
  await printList({
    listing: deadLetterListing(client),
    query,
    isAll: options.all === true,
    output,
    rows: 'dead letters',
  })
}

function queryOf(options: Options): DeadLetterQuery {
  const { stage, queue, reason, stream, local } = options
  const [from, to] = [options.from, options.to].map((time) => sentTime(time, local))
  return { stage, queue, reason, stream, from, to, ...pageOf(options) }
}

async function remove(client: Client, { id, yes }: Options): Promise<void> {
  if (id === undefined) throw new UsageError('--delete needs the --id of a dead letter')
  const question = `delete dead letter ${id} for good? [y/N] `
  if (!yes && !(await isConfirmed(question, '--delete needs --yes')))
    throw new ConflictError(`dead letter ${id} was not deleted`)
  await client.deleteDeadLetter(id)
  printNote(`dead letter ${id} was deleted`)
}
