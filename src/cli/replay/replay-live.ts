import { resolve } from 'node:path'
import { runReplay } from '../../assembly/build-replay.ts'
import { processName, stopSignal } from '../../assembly/daemon.ts'
import { openStore } from '../../assembly/open-store.ts'
import { requirePipelines } from '../../assembly/require-pipelines.ts'
import { wallClock } from '../../clock/event-clock.ts'
import type { Config } from '../../config/load/config.ts'
import { loadWholeConfig } from '../../config/load/load-config.ts'
import { nameOfDatabase } from '../../config/load/server-url.ts'
import { NotFoundError } from '../../domain/errors.ts'
import { formatIso } from '../../domain/time.ts'
import { sendersOf } from '../../pipeline/quiet-pipelines.ts'
import { createWorkerCounters } from '../../pipeline/worker/worker-counters.ts'
import { absoluteNames, type ReplayGiven } from '../../replay/given.ts'
import { KeptPosition, type KeptReplay } from '../../replay/kept-position.ts'
import { keptFilesOf } from '../../replay/records/kept-files.ts'
import type { Logger } from '../../runtime/logger.ts'
import { createMemoryRelief, releaseMemory } from '../../runtime/memory.ts'
import type { Store } from '../../store/store.ts'
import { loggerOf } from '../logger-of.ts'
import { printNote } from '../program.ts'
import { tellWait } from '../tell-wait.ts'
import { describeCounts, printCounts, requireNotifications } from './describe-counts.ts'
import { openFileInput, openRecords } from './file-input.ts'
import type { ReplayCommandOptions } from './replay-options.ts'
import { ReplayProgress, streamsRun } from './replay-progress.ts'

/**
 * A replay of any length stays below 256 MB. Few come up to here: what follows a release is slow for a while, since the part
 * of the heap for new objects is small then.
 */
const RELIEVED_ABOVE_MB = 246

/** Replays files into the configured database. Goes on where an earlier replay of the same files has stopped. */
export async function replayLive(names: readonly string[], options: ReplayCommandOptions): Promise<void> {
  const stop = stopSignal()
  const config = await loadWholeConfig(options.config, process.env)
  const owner = processName('replay')
  const opening = openStore(config, {
    writer: owner,
    isReplay: true,
    isQuiet: options.publish !== true,
  })
  const store = await tellWait(nameOfDatabase(config.winchester.database.url), opening)
  const position = new KeptPosition({
    store,
    given: givenBy(names, options),
    owner,
    wallNow: wallClock.now,
    signal: stop,
    releasesOthers: options.releaseUnfinished === true,
    onWait: () =>
      printNote('another process replays these files, or did so a moment ago; waiting for it to end'),
  })
  const signal = AbortSignal.any([stop, position.lost])
  try {
    const kept = await position.takeOver()
    await replayFrom(kept, { names, options, config, store, owner, position, signal })
    position.lost.throwIfAborted()
  } finally {
    await store.close()
  }
}

type Live = {
  readonly names: readonly string[]
  readonly options: ReplayCommandOptions
  readonly config: Config
  readonly store: Store
  readonly owner: string
  readonly position: KeptPosition
  readonly signal: AbortSignal
}

async function replayFrom(kept: KeptReplay | undefined, live: Live): Promise<void> {
  const { names, options, config, store, owner, position, signal } = live
  const logger = loggerOf(options, 'warn')
  const runsPipelines = options.pipelines === 'on'
  const publishes = options.publish === true
  const { pipelines, input, from } = await prepared(kept, live, logger)
  if (from) printNote(`going on where the last replay of these files stopped, at ${formatIso(from.at)}`)
  const senders = runsPipelines && !publishes ? sendersOf(pipelines) : []
  if (senders.length > 0) printNote(`without --publish nothing is sent by: ${senders.join(', ')}`)
  const counters = createWorkerCounters()
  const progress = new ReplayProgress({
    done: input.done,
    more: () => streamsRun(counters),
    log: (line) => loggerOf(options).info({}, line),
  })
  releaseMemory()
  const relieve = createMemoryRelief(RELIEVED_ABOVE_MB)
  try {
    const result = await runReplay({
      config,
      pipelines,
      store,
      logger,
      // Verdicts on usage are in the events that are made.
      workerLogger: loggerOf(options, 'error'),
      counters,
      signal,
      name: owner,
      position,
      from,
      runsPipelines,
      publishes,
      wallNow: wallClock.now,
      speed: options.speed,
      onStored({ replayed }, at) {
        progress.show(replayed, at)
        relieve()
      },
      open: (rules) => openRecords(input, rules, signal),
    })
    progress.clear()
    await printCounts(describeCounts(result, input), progress, options)
    if (!result.counts.isComplete) {
      printNote(`stopped at ${formatIso(result.now)}; the same command goes on from there`)
      process.exitCode = 1
    } else if (!from) requireNotifications(result, input, names)
  } finally {
    progress.clear()
  }
}

/** Finds the files, and keeps them with the position. Gives the replay up where that fails. */
async function prepared(
  kept: KeptReplay | undefined,
  { names, options, config, position, signal }: Live,
  logger: Logger,
) {
  try {
    const pipelines = await requirePipelines(config, logger)
    const earlier = kept?.files && { files: kept.files, place: kept.position.place }
    const opened = await openFileInput(names, options, config, signal, earlier).catch(async (error) => {
      // What the earlier process has not read is gone.
      if (!(earlier && options.releaseUnfinished && error instanceof NotFoundError)) throw error
      await position.beginAnew()
      return undefined
    })
    const input = opened ?? (await openFileInput(names, options, config, signal))
    await position.keepFiles(keptFilesOf(input.files))
    const isResumed = opened !== undefined && earlier !== undefined
    return {
      pipelines,
      input,
      from: isResumed ? { at: kept?.position.at ?? 0, place: input.place } : undefined,
    }
  } catch (error) {
    await position.abandon().catch(() => {})
    throw error
  }
}

function givenBy(names: readonly string[], options: ReplayCommandOptions): ReplayGiven {
  const { config, from = null, to = null, types = [], where = [], pipelines, publish = false } = options
  return {
    names: absoluteNames(names),
    config: resolve(config),
    from,
    to,
    types,
    where: where.map(({ name, value }) => `${name}=${value}`),
    pipelines,
    publish,
  }
}
