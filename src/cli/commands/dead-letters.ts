import { type Command, InvalidArgumentError } from 'commander'
import { buildLetterRetry } from '../../assembly/letter-retry.ts'
import type { Config } from '../../config/load/config.ts'
import { ConflictError, NotFoundError } from '../../domain/errors.ts'
import { describeRetried } from '../../domain/retried.ts'
import { formatIso, type Micros } from '../../domain/time.ts'
import { describeDeadLetter, restWholeDeadLetter } from '../../formats/dead-letter-form.ts'
import type { DeadLetter, DeadLetterFilter } from '../../store/ports/dead-letter-box.ts'
import type { Store } from '../../store/store.ts'
import { maskSecrets } from '../../text/mask-secrets.ts'
import { loggerOf } from '../logger-of.ts'
import { createCommand, localOption, parseWhole, print, TimeOption } from '../program.ts'
import { isConfirmed } from '../terminal/confirm.ts'
import { formatTable } from '../terminal/table.ts'
import { withConfiguredStore } from '../with-configured-store.ts'

type Options = {
  readonly config: string
  readonly stage?: string
  readonly queue?: string
  readonly since?: Micros
  readonly until?: Micros
  readonly limit?: number
  readonly all?: true
  readonly yes?: true
  readonly json?: true
  readonly logLevel?: string
}

const STAGES = ['decode', 'validate', 'distill', 'size', 'store', 'pipeline', 'commit'] as const
const STAGE_NAMES = `${STAGES.join(', ')} or app:NAME`
const DEFAULT_LIMIT = 100
const PAGE = 5

/** Creates `stv3 dead-letters`, which lists, shows, retries and drops what could not be processed. */
export function deadLettersCommand(): Command {
  const command = createCommand(
    'dead-letters',
    'messages and streams that could not be processed, and why',
    'stv3 dead-letters ls --stage distill -c config/winchester.yaml',
  )
  command.addCommand(
    filtered('ls', 'list dead letters, the newest first')
      .option('--limit <n>', 'number to list at most', parseWhole(1), DEFAULT_LIMIT)
      .option('--json', 'one JSON object a line')
      .action((options: Options, own: Command) => {
        requirePeriod(options, own)
        return withConfiguredStore(options.config, (store) => list(store, options))
      }),
  )
  command.addCommand(
    sub('show', 'print a dead letter completely, with secrets masked', 'show 12')
      .argument('<id>', 'id that ls prints', parseWhole(1))
      .option('--json', 'as one JSON object')
      .action((id: number, options: Options) =>
        withConfiguredStore(options.config, (store) => show(store, id, options)),
      ),
  )
  command.addCommand(
    filtered(
      'retry',
      'process dead letters again with the current configuration; those that succeed are removed',
      'retry 12 13',
    )
      .argument('[id...]', 'ids that ls prints', parseIds)
      .option('--all', 'all that match the filters')
      .option('--json', 'one JSON object a line')
      .action((ids: number[] | undefined, options: Options, own: Command) => {
        const filter = chosen(ids, options, own)
        return withConfiguredStore(
          options.config,
          (store, config) => retry(store, config, filter, options),
          'dead-letters',
        )
      }),
  )
  command.addCommand(
    filtered('drop', 'delete dead letters for good', 'drop --stage decode --all')
      .argument('[id...]', 'ids that ls prints', parseIds)
      .option('--all', 'all that match the filters; asks first')
      .option('--yes', 'do not ask')
      .option('--json', 'as one JSON object')
      .action((ids: number[] | undefined, options: Options, own: Command) => {
        const filter = chosen(ids, options, own)
        return withConfiguredStore(options.config, (store) => drop(store, filter, options))
      }),
  )
  return command
}

function sub(name: string, description: string, example = name): Command {
  return createCommand(
    name,
    description,
    `stv3 dead-letters ${example} -c config/winchester.yaml`,
  ).requiredOption('-c, --config <file>', 'winchester.yaml, or a yagi.conf that names one')
}

function filtered(name: string, description: string, example = name): Command {
  return sub(name, description, example)
    .option('--stage <stage>', `only those of a stage: ${STAGE_NAMES}`, parseStage)
    .option('--queue <name>', 'only those of a queue')
    .addOption(new TimeOption('--since <time>', 'only those kept after it: ISO 8601, yesterday, 14:00, -1h'))
    .addOption(new TimeOption('--until <time>', 'only those kept before it'))
    .addOption(localOption())
}

/** Parses the stage of dead letters. An app may have kept some before it was taken out of the files. */
function parseStage(text: string): string {
  if (STAGES.some((stage) => stage === text) || /^app:./.test(text)) return text
  throw new InvalidArgumentError(`expected one of ${STAGE_NAMES}.`)
}

function filterOf({ stage, queue, since, until }: Options): DeadLetterFilter {
  return { stage, queue, since, until }
}

/** Refuses a period that ends before it begins: no dead letter can be in it. */
function requirePeriod({ since, until }: Options, command: Command): void {
  if (since !== undefined && until !== undefined && since >= until)
    command.error('error: --since is not before --until', { exitCode: 2 })
}

/** Returns the filter for the chosen dead letters. All of them are chosen only with --all. */
function chosen(ids: readonly number[] = [], options: Options, command: Command): DeadLetterFilter {
  requirePeriod(options, command)
  if (ids.length === 0 && !options.all)
    command.error('error: expected ids, or --all with or without filters', { exitCode: 2 })
  if (ids.length > 0 && options.all) command.error('error: expected ids or --all, not both', { exitCode: 2 })
  return ids.length > 0 ? { ...filterOf(options), ids } : filterOf(options)
}

function parseIds(text: string, others: readonly number[] | undefined): readonly number[] {
  return [...(others ?? []), parseWhole(1)(text)]
}

async function list(store: Store, options: Options): Promise<void> {
  const filter = filterOf(options)
  const { limit = DEFAULT_LIMIT } = options
  const rows: string[][] = []
  let left = limit
  for await (const letter of inPages(store, filter, false)) {
    if (options.json) await print(`${JSON.stringify(restWholeDeadLetter(letter))}\n`)
    else rows.push(rowOf(letter))
    if (--left === 0) break
  }
  if (left === limit) return tellNone(filter)
  if (options.json) return
  await print(`${formatTable(['Id', 'At', 'Stage', 'Queue', 'Bytes', 'Reason'], rows)}\n`)
  const count = await store.countDeadLetters(filter)
  if (count > rows.length) await print(`${rows.length} of ${count}; --limit shows more\n`)
}

/** Says on standard error that there is nothing to list or to process; a filter may be mistyped. */
function tellNone(filter: DeadLetterFilter): void {
  const isFiltered = Object.values(filter).some((value) => value !== undefined)
  process.stderr.write(isFiltered ? 'no dead letter matches the filters\n' : 'there are no dead letters\n')
}

/** Yields dead letters, fetched a few at a time because their bodies may be large. */
async function* inPages(
  store: Store,
  filter: DeadLetterFilter,
  ascending: boolean,
): AsyncGenerator<DeadLetter> {
  for (let mark: number | undefined; ; ) {
    const letters = await store.listDeadLetters(filter, { limit: PAGE, mark, ascending })
    yield* letters
    mark = letters.at(-1)?.id
    if (letters.length < PAGE) return
  }
}

function rowOf({ id, at, stage, queue, reason, body }: DeadLetter): string[] {
  return [String(id), formatIso(at), stage, queue ?? '', String(body.length), firstLine(maskSecrets(reason))]
}

const REASON_WIDTH = 80

function firstLine(text: string): string {
  const [line = ''] = text.split('\n')
  return line.length > REASON_WIDTH ? `${line.slice(0, REASON_WIDTH - 1)}…` : line
}

async function show(store: Store, id: number, options: Options): Promise<void> {
  const [letter] = await store.listDeadLetters({ ids: [id] }, { limit: 1, mark: undefined, ascending: true })
  if (!letter) throw new NotFoundError(`there is no dead letter ${id}`)
  if (options.json) return print(`${JSON.stringify(restWholeDeadLetter(letter))}\n`)
  await print(describeDeadLetter(restWholeDeadLetter(letter)))
}

async function retry(
  store: Store,
  config: Config,
  filter: DeadLetterFilter,
  options: Options,
): Promise<void> {
  const logger = loggerOf(options, config.winchester.log_level)
  const retrying = await buildLetterRetry({ store, config, logger })
  await requireAll(store, filter)
  await retrying.start()
  let failures = 0
  let count = 0
  try {
    for await (const letter of each(store, filter)) {
      count++
      const retried = await retrying.retry(letter)
      if (retried.outcome === 'failed') failures++
      await print(
        options.json
          ? `${JSON.stringify({ id: letter.id, ...retried })}\n`
          : `${letter.id}: ${maskSecrets(describeRetried(retried))}\n`,
      )
    }
  } finally {
    await retrying.stop()
  }
  if (count === 0) tellNone(filter)
  if (failures > 0) process.exitCode = 1
}

/** Yields dead letters in the order in which they were stored, without those that arrive meanwhile. */
async function* each(store: Store, filter: DeadLetterFilter): AsyncGenerator<DeadLetter> {
  const [newest] = await store.listDeadLetters(filter, { limit: 1, mark: undefined, ascending: false })
  for await (const letter of inPages(store, filter, true)) {
    if (newest === undefined || letter.id > newest.id) return
    yield letter
  }
}

async function drop(store: Store, filter: DeadLetterFilter, options: Options): Promise<void> {
  await requireAll(store, filter)
  if (options.all && !options.yes) await requireConsent(await store.countDeadLetters(filter))
  const dropped = await store.dropDeadLetters(filter)
  if (dropped === 0) tellNone(filter)
  await print(options.json ? `${JSON.stringify({ dropped })}\n` : `${dropped} dropped\n`)
}

/** Asks before dead letters are deleted that were not named one by one. Throws ConflictError on a no. */
async function requireConsent(count: number): Promise<void> {
  if (count === 0) return
  const question = `delete ${count} dead ${count === 1 ? 'letter' : 'letters'} for good? [y/N] `
  if (!(await isConfirmed(question, 'drop --all needs --yes'))) throw new ConflictError('nothing was dropped')
}

/**
 * Throws NotFoundError if one of the ids is not a dead letter that the filter selects, before anything is
 * changed.
 */
async function requireAll(store: Store, filter: DeadLetterFilter): Promise<void> {
  for (const id of filter.ids ?? []) {
    if ((await store.countDeadLetters({ ...filter, ids: [id] })) === 0) {
      throw new NotFoundError(`there is no dead letter ${id} that matches the filters; nothing was changed`)
    }
  }
}
