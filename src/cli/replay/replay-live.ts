import { resolve } from 'node:path'
import { runReplay } from '../../assembly/build-replay.ts'
import { processName, stopSignal } from '../../assembly/daemon.ts'
import { openStore } from '../../assembly/open-store.ts'
import { requirePipelines } from '../../assembly/require-pipelines.ts'
import { wallClock } from '../../clock/event-clock.ts'
import { loadWholeConfig } from '../../config/load/load-config.ts'
import { nameOfDatabase } from '../../config/load/server-url.ts'
import { hash64 } from '../../domain/hash.ts'
import { formatIso } from '../../domain/time.ts'
import { KeptPosition, REPLAY_PREFIX } from '../../replay/kept-position.ts'
import { sendersOf } from '../../replay/quiet-pipelines.ts'
import { releaseMemory } from '../../runtime/memory.ts'
import { canonicalJson } from '../../text/canonical-json.ts'
import { loggerOf } from '../logger-of.ts'
import { printNote } from '../program.ts'
import { tellWait } from '../tell-wait.ts'
import { describeCounts, printCounts, requireNotifications } from './describe-counts.ts'
import { type FileInput, openFileInput, openRecords } from './file-input.ts'
import type { ReplayCommandOptions } from './replay-options.ts'
import { ReplayProgress } from './replay-progress.ts'

/** Replays files into the configured database. Goes on where an earlier replay of the same files has stopped. */
export async function replayLive(names: readonly string[], options: ReplayCommandOptions): Promise<void> {
  const signal = stopSignal()
  const logger = loggerOf(options, 'warn')
  const config = await loadWholeConfig(options.config, process.env)
  const pipelines = await requirePipelines(config, logger)
  const input = await openFileInput(names, options, config, signal)
  const name = processName('replay')
  const opening = openStore(config, { writer: name, isReplay: true })
  const store = await tellWait(nameOfDatabase(config.winchester.database.url), opening)
  const runsPipelines = options.pipelines === 'on'
  const publishes = options.publish === true
  const progress = new ReplayProgress(input.done)
  try {
    const position = new KeptPosition({
      store,
      name: nameOfReplay(input, options),
      wallNow: wallClock.now,
      signal,
      releasesOthers: options.releaseUnfinished === true,
      onWait: () =>
        printNote('another process replays these files, or did so a moment ago; waiting for it to end'),
    })
    const from = await position.takeOver()
    if (from) printNote(`going on where the last replay of these files stopped, at ${formatIso(from.at)}`)
    const senders = runsPipelines && !publishes ? sendersOf(pipelines) : []
    if (senders.length > 0) printNote(`without --publish nothing is sent by: ${senders.join(', ')}`)
    releaseMemory()
    const result = await runReplay({
      config,
      pipelines,
      store,
      logger,
      // Verdicts on usage are in the events that are made.
      workerLogger: loggerOf(options, 'error'),
      signal,
      name,
      position,
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
      printNote(`stopped at ${formatIso(result.now)}; the same command goes on from there`)
      process.exitCode = 1
    } else if (!from) requireNotifications(result, input, names)
  } finally {
    progress.clear()
    await store.close()
  }
}

/** Returns a name that the same files with the same filters have, and no others. */
function nameOfReplay({ files }: FileInput, options: ReplayCommandOptions): string {
  const { from = null, to = null, types = [], where = [], pipelines } = options
  // Standard input cannot be read again.
  const paths = files.map(({ file }) =>
    file === '-' ? `${file} of ${process.pid}, ${Date.now()}` : resolve(file),
  )
  return `${REPLAY_PREFIX}${hash64(canonicalJson({ paths, from, to, types, where, pipelines }))}`
}
