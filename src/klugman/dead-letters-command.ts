import { readFileSync } from 'node:fs'
import { type Command, Option } from 'commander'
import { createCommand, printNote, UsageError } from '../cli/program.ts'
import { isConfirmed } from '../cli/terminal/confirm.ts'
import type { Client, DeadLetterAction, DeadLetterQuery } from '../client/client.ts'
import type { LetterVerb } from '../domain/action.ts'
import { ConflictError, messageOf } from '../domain/errors.ts'
import { printable } from '../text/printable.ts'
import { DEAD_LETTER_COLUMNS } from './columns.ts'
import { connect } from './connect.ts'
import { editBody } from './edit-body.ts'
import { deadLetterListing, printList } from './list.ts'
import { addListOptions, type ListOptions, oneRowOption, pageOf } from './list-options.ts'
import { absoluteTime, sentTime } from './local-times.ts'
import { deadLetterOutput } from './output.ts'
import { runAction } from './run-action.ts'
import { showCount, watchNew } from './watch.ts'

type Options = ListOptions & {
  readonly id?: string
  readonly stage?: string
  readonly queue?: string
  readonly reason?: string
  readonly stream?: string
  readonly retry?: true
  readonly edit?: true
  readonly body?: string
  readonly delete?: true
  readonly yes?: true
}

/** Creates `klugman dead-letters`, which lists, shows, retries and deletes what could not be processed. */
export function deadLettersCommand(): Command {
  const command = createCommand(
    'dead-letters',
    'list what could not be processed, and why, the newest first; show, retry and delete it',
    `klugman http://127.0.0.1:8000 dead-letters --stage distill --from -1h
  klugman dead-letters --id 12
  klugman dead-letters --reason '*not an integer*' --retry --all
  klugman dead-letters --id 12 --retry --edit`,
  )
    .addOption(oneRowOption('--id <id>', 'show one with its body, secrets masked'))
    .option(
      '--stage <stage>',
      'only those of a stage: decode, validate, distill, size, store, pipeline, commit, app:NAME',
    )
    .option('--queue <name>', 'only those of a queue')
    .option('--reason <text>', 'only those whose reason holds this text, or is like this pattern: *timeout*')
    .option('--stream <id>', 'only those of a stream')
    .option('--from <time>', 'only those kept after this time: ISO 8601, yesterday, 14:00, -1h')
    .option('--to <time>', 'only those kept before this time')
    .addOption(
      new Option('--retry', 'drive in again that of --id, or --all that match').conflicts([
        'delete',
        ...LISTING,
      ]),
    )
    .addOption(new Option('--edit', 'with --retry: edit the body in EDITOR before').conflicts('body'))
    .option('--body <file>', 'with --retry: drive in this file in place of the body; - is standard input')
    .addOption(
      new Option('--delete', 'delete that of --id, or --all that match, for good; asks first').conflicts(
        LISTING,
      ),
    )
    .option('--yes', 'do not ask')
  const watched = 'print new ones, or the count when it changes'
  return addListOptions(command, watched, DEAD_LETTER_COLUMNS.shown.join(', ')).action(run)
}

async function run(options: Options, command: Command): Promise<void> {
  const client = connect(command)
  const query = queryOf(options)
  if ((options.edit || options.body !== undefined) && !(options.retry && options.id !== undefined))
    throw new UsageError('--edit and --body need --retry and the --id of a dead letter')
  if (options.retry) return retry(client, options)
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
  return { ...filterOf(options), ...pageOf(options) }
}

function filterOf(options: Options, timeOf = sentTime): DeadLetterAction['filter'] {
  const { stage, queue, reason, stream, local } = options
  const [from, to] = [options.from, options.to].map((time) => timeOf(time, local))
  return { stage, queue, reason, stream, from, to }
}

/** Options of lists, which say nothing beside a change. */
const LISTING = ['count', 'watch', 'mark', 'limit', 'column', 'sortColumn', 'csv']

async function retry(client: Client, options: Options): Promise<void> {
  const { id } = options
  if (id === undefined) return changeAll(client, 'retry', options)
  const edited = options.edit
    ? await editBody(await client.getDeadLetterBody(id), `dead-letter-${id}`)
    : undefined
  if (options.edit && !edited) return printNote(`the body was not changed; dead letter ${id} was not retried`)
  const given = options.body === undefined ? edited?.body : readBody(options.body)
  const { outcome, description } = await client.retryDeadLetter(id, given)
  printNote(`dead letter ${id}: ${printable(description)}`)
  if (outcome !== 'failed') return edited?.discard()
  process.exitCode = 1
  if (edited) printNote(`the edited body is in ${edited.file}; --retry --id ${id} --body FILE tries it again`)
}

/** Reads a file, or standard input for `-`. Throws UsageError for one that cannot be read. */
function readBody(file: string): Buffer {
  try {
    return readFileSync(file === '-' ? 0 : file)
  } catch (error) {
    throw new UsageError(`--body ${file} cannot be read: ${messageOf(error)}`)
  }
}

async function remove(client: Client, options: Options): Promise<void> {
  const { id, yes } = options
  if (id === undefined) return changeAll(client, 'drop', options)
  const question = `delete dead letter ${id} for good? [y/N] `
  if (!yes && !(await isConfirmed(question, '--delete needs --yes')))
    throw new ConflictError(`dead letter ${id} was not deleted`)
  await client.deleteDeadLetter(id)
  printNote(`dead letter ${id} was deleted`)
}

async function changeAll(client: Client, verb: LetterVerb, options: Options): Promise<void> {
  const option = verb === 'drop' ? 'delete' : verb
  if (!options.all)
    throw new UsageError(`--${option} needs the --id of a dead letter, or --all for all that match`)
  // It is counted, asked for and begun, and is to mean the same all the time.
  const bulk = { action: verb, filter: filterOf(options, absoluteTime) }
  await runAction(client, {
    verb: option,
    rows: 'dead letters',
    count: () => client.countDeadLetterAction(bulk),
    begin: () => client.beginDeadLetterAction(bulk),
    yes: options.yes === true,
    wait: false,
    json: options.json === true || options.format === 'json',
  })
}
