import { type Command, InvalidArgumentError, Option } from 'commander'
import { runReplay } from '../../assembly/build-replay.ts'
import { processName, stopSignal } from '../../assembly/daemon.ts'
import { openStore } from '../../assembly/open-store.ts'
import { openTemporaryStore, type TemporaryStore } from '../../assembly/temporary-store.ts'
import { wallClock } from '../../clock/event-clock.ts'
import type { Config } from '../../config/load/config.ts'
import { loadWholeConfig } from '../../config/load/load-config.ts'
import { nameOfDatabase } from '../../config/load/server-url.ts'
import { StackTachError } from '../../domain/errors.ts'
import { MICROS_PER_DAY, type Micros } from '../../domain/time.ts'
import { compareStores } from '../../replay/compare/compare-stores.ts'
import { StoredRecords } from '../../replay/stored-records.ts'
import { silentLogger } from '../../runtime/logger.ts'
import type { Store } from '../../store/store.ts'
import { parseNamedTime } from '../../text/named-time.ts'
import { createCommand, print } from '../program.ts'
import { printComparisons } from '../replay/print-comparisons.ts'
import { tellWait } from '../tell-wait.ts'
import { grouped } from '../terminal/grouped.ts'
import { StatusLine } from '../terminal/status-line.ts'

type Options = {
  readonly config: string
  readonly against: string
  readonly last: Micros
  readonly json?: true
}

/** Creates `stv3 preview`, which shows what other triggers would make of the events of the last days. */
export function previewCommand(): Command {
  return createCommand(
    'preview',
    'show what the triggers of a new configuration would make of stored events; exits 1 when something differs',
    'stv3 preview -c new/winchester.yaml --against config/winchester.yaml --last 7d',
  )
    .requiredOption('-c, --config <file>', 'the new winchester.yaml or yagi.conf')
    .requiredOption('--against <file>', 'the one in use, with the database whose events are read')
    .addOption(
      new Option('--last <time>', 'how far back: 7d, 12h, 1w')
        .argParser(parseLast)
        .default(7 * MICROS_PER_DAY, '7d'),
    )
    .option('--json', 'one JSON object a line')
    .action(preview)
}

function parseLast(text: string): Micros {
  const now = wallClock.now()
  const from = parseNamedTime(`-${text.trim().replace(/^-/, '')}`, now)
  if (from === undefined || from >= now)
    throw new InvalidArgumentError('expected a length of time, such as 7d or 12h.')
  return now - from
}

async function preview(options: Options): Promise<void> {
  const signal = stopSignal()
  const next = await loadWholeConfig(options.config, process.env)
  const present = await loadWholeConfig(options.against, process.env)
  const opening = openStore(present)
  const store = await tellWait(nameOfDatabase(present.winchester.database.url), opening)
  const now = wallClock.now()
  const side = (config: Config) => ({ config, store, signal, now, from: now - options.last })
  const opened: TemporaryStore[] = []
  try {
    const before = await grouping(side(present), opened)
    const after = await grouping(side(next), opened)
    if (!options.json) await print(`${grouped(before.events)} events of the database\n`)
    const comparisons = compareStores({
      before: before.store,
      after: after.store,
      now,
      isWhole: true,
      hasExactTimes: true,
      madeTypes: new Set(),
      signal,
    })
    await printComparisons(comparisons, options)
  } finally {
    for (const one of opened) await one.close()
    await store.close()
  }
}

type Side = {
  readonly config: Config
  /** where the events are */
  readonly store: Store
  readonly from: Micros
  readonly now: Micros
  readonly signal: AbortSignal
}

/** Groups stored events by the triggers of a configuration, in a temporary store that is added to `opened`. */
async function grouping(
  { config, store, from, now, signal }: Side,
  opened: TemporaryStore[],
): Promise<{ readonly store: Store; readonly events: number }> {
  const temporary = await openTemporaryStore(config)
  opened.push(temporary)
  const line = new StatusLine()
  try {
    const { counts } = await runReplay({
      config,
      pipelines: new Map(),
      store: temporary.store,
      logger: silentLogger,
      workerLogger: silentLogger,
      signal,
      name: processName('preview'),
      runsPipelines: false,
      publishes: false,
      wallNow: () => now,
      onStored: ({ replayed }) => line.show(() => `${grouped(replayed)} events`),
      open: ({ router }) => new StoredRecords({ store, router, from, to: now }),
    })
    if (!counts.isComplete) throw new StackTachError('io', 'stopped; nothing was changed')
    return { store: temporary.store, events: counts.replayed }
  } finally {
    line.clear()
  }
}
