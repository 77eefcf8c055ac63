import { resolve } from 'node:path'
import { runReplay } from '../../assembly/build-replay.ts'
import { processName, stopSignal } from '../../assembly/daemon.ts'
import { clockSettingsOf, hasAutoClock } from '../../assembly/event-clock-of.ts'
import { openStore } from '../../assembly/open-store.ts'
import { requirePipelines } from '../../assembly/require-pipelines.ts'
import { wallClock } from '../../clock/event-clock.ts'
import { lowWatermark } from '../../clock/low-watermark.ts'
import { describeHold } from '../../clock/watermark-clock.ts'
import type { Config } from '../../config/load/config.ts'
import { loadWholeConfig } from '../../config/load/load-config.ts'
import { nameOfDatabase } from '../../config/load/server-url.ts'
import { hash64 } from '../../domain/hash.ts'
import { formatIso } from '../../domain/time.ts'
import { sendersOf } from '../../replay/quiet-pipelines.ts'
import { ReplayHold } from '../../replay/replay-hold.ts'
import type { Store } from '../../store/store.ts'
import { canonicalJson } from '../../text/canonical-json.ts'
import { loggerOf } from '../logger-of.ts'
import { printNote, UsageError } from '../program.ts'
import { tellWait } from '../tell-wait.ts'
import { describeCounts, printCounts, requireNotifications } from './describe-counts.ts'
import { type FileInput, openFileInput, openRecords } from './file-input.ts'
import type { ReplayCommandOptions } from './replay-options.ts'
import { ReplayProgress } from './replay-progress.ts'

/** Names of replays begin with this in the database, where they stand beside the queues. */
const QUEUE = 'replay'

/** Replays files into the configured database. Goes on where an earlier replay of the same files has stopped. */
export async function replayLive(names: readonly string[], options: ReplayCommandOptions): Promise<void> {
  const signal = stopSignal()
  const logger = loggerOf(options, 'warn')
  const config = await loadWholeConfig(options.config, process.env)
  requireClock(config, options)
  const pipelines = await requirePipelines(config, logger)
  const input = await openFileInput(names, options, config, signal)
  const name = processName(QUEUE)
  const opening = openStore(config, { writer: name })
  const store = await tellWait(nameOfDatabase(config.winchester.database.url), opening)
  const runsPipelines = options.pipelines === 'on'
  const publishes = options.publish === true
  const progress = new ReplayProgress(input.done)
  try {
    const queue = nameOfReplay(input, options)
    const hold = new ReplayHold({
      store,
      queue,
      isShared: runsPipelines,
      wallNow: wallClock.now,
      signal,
      onWait: () =>
        printNote('another process replays these files, or did so a moment ago; waiting for it to end'),
    })
    const from = await hold.takeOver()
    await noteOthers(store, config, queue)
    if (from) printNote(`going on where the last replay of these files stopped, at ${formatIso(from.at)}`)
    const senders = runsPipelines && !publishes ? sendersOf(pipelines) : []
    if (senders.length > 0) printNote(`without --publish nothing is sent by: ${senders.join(', ')}`)
    const result = await runReplay({
      config,
      pipelines,
      store,
      logger,
      // Verdicts on usage are in the events that are made.
      workerLogger: loggerOf(options, 'error'),
      signal,
      name,
      hold,
      queue,
      from,
      runsPipelines,
      publishes,
      wallNow: wallClock.now,
      speed: options.speed,
      onStored: ({ replayed }, at) => progress.show(replayed, at),
      open: (rules) => openRecords(input, rules, signal, from?.place),
    })
    progress.clear()
    await printCounts(describeCounts(result, input), progress, options)
    if (!result.counts.isComplete) {
      printNote(
        `stopped at ${formatIso(result.now)}; the same command goes on from there, and workers of this database wait for it until then or until stv3 clock forget ${queue}`,
      )
      process.exitCode = 1
    } else if (!from) requireNotifications(result, input, names)
  } finally {
    progress.clear()
    await store.close()
  }
}

/** Throws UsageError where nothing keeps workers from running what is replayed before it is whole. */
function requireClock(config: Config, { workersStopped }: ReplayCommandOptions): void {
  if (hasAutoClock(config) || workersStopped) return
  const { mode } = clockSettingsOf(config)
  const clock = mode === 'wall' ? 'clock: wall' : 'time_sync_endpoint'
  throw new UsageError(
    `with ${clock} workers of this database would run what is replayed before it is whole; stop them and add --workers-stopped, or set clock: auto`,
  )
}

/** Returns a name that the same files with the same filters have, and no others. */
function nameOfReplay({ files }: FileInput, options: ReplayCommandOptions): string {
  const { from = null, to = null, types = [], where = [], pipelines } = options
  // Standard input cannot be read again.
  const paths = files.map(({ file }) =>
    file === '-' ? `${file} of ${process.pid}, ${Date.now()}` : resolve(file),
  )
  return `${QUEUE}-${hash64(canonicalJson({ paths, from, to, types, where, pipelines }))}`
}

/** Says which other replays were left unfinished: workers wait for them. */
async function noteOthers(store: Store, config: Config, queue: string): Promise<void> {
  const { patienceMs } = clockSettingsOf(config)
  const { holds } = lowWatermark(await store.readReports(), { wallNow: wallClock.now(), patienceMs })
  for (const hold of holds.filter((one) => one.queue.startsWith(`${QUEUE}-`) && one.queue !== queue))
    printNote(
      `another replay holds the event clock ${describeHold(hold, wallClock.now())}; stv3 clock forget ${hold.queue} gives it up`,
    )
}
