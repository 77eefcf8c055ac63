import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type ReplayResult, runReplay } from '../../assembly/build-replay.ts'
import { processName, stopSignal } from '../../assembly/daemon.ts'
import { requirePipelines } from '../../assembly/require-pipelines.ts'
import { openTemporaryStore, type TemporaryStore } from '../../assembly/temporary-store.ts'
import { wallClock } from '../../clock/event-clock.ts'
import type { Config } from '../../config/load/config.ts'
import { loadWholeConfig } from '../../config/load/load-config.ts'
import { createWorkerCounters } from '../../pipeline/worker/worker-counters.ts'
import { MadeEvents } from '../../replay/dry-run/made-events.ts'
import { actualJson, actualText, type DryResult } from '../../replay/dry-run/show-actual.ts'
import { UnsentFile } from '../../replay/dry-run/unsent-file.ts'
import { loggerOf } from '../logger-of.ts'
import { print, printNote } from '../program.ts'
import { compareWithDatabase } from './compare-with-database.ts'
import { describeCounts, printCounts, requireNotifications } from './describe-counts.ts'
import { type FileInput, openFileInput, openRecords } from './file-input.ts'
import type { ReplayCommandOptions } from './replay-options.ts'
import { ReplayProgress, streamsRun } from './replay-progress.ts'

/** Replays files into a temporary store, and prints what was made of them, or what differs from the database. */
export async function replayDry(names: readonly string[], options: ReplayCommandOptions): Promise<void> {
  const signal = stopSignal()
  const config = await loadWholeConfig(options.config, process.env)
  const input = await openFileInput(names, options, config, signal)
  const temporary = await openTemporaryStore(config)
  try {
    const { result, dry } = await dryRun(config, temporary, input, signal, options)
    requireNotifications(result, input, names)
    if (!result.counts.isComplete) {
      printNote('stopped; nothing was changed')
      process.exitCode = 1
    } else if (options.compare) {
      await compareWithDatabase({ config, temporary, result, made: dry.made, signal }, options)
    } else for await (const text of options.json ? actualJson(dry) : actualText(dry)) await print(text)
  } finally {
    await temporary.close()
  }
}

async function dryRun(
  config: Config,
  temporary: TemporaryStore,
  input: FileInput,
  signal: AbortSignal,
  options: ReplayCommandOptions,
): Promise<{ readonly result: ReplayResult; readonly dry: DryResult }> {
  const logger = loggerOf(options, 'warn')
  const made = new MadeEvents()
  const unsent = new UnsentFile(join(temporary.folder, 'unsent.jsonl'))
  const counters = createWorkerCounters()
  const progress = new ReplayProgress({
    done: input.done,
    more: () => streamsRun(counters),
    log: (line) => loggerOf(options).info({}, line),
  })
  try {
    const result = await runReplay({
      config,
      pipelines: await requirePipelines(config, logger),
      store: made.watch(temporary.store),
      logger,
      // Verdicts on usage are in the events that are made.
      workerLogger: loggerOf(options, 'error'),
      counters,
      signal,
      name: processName('replay'),
      runsPipelines: options.pipelines === 'on',
      publishes: false,
      onUnsent: (one) => unsent.add(one),
      wallNow: wallClock.now,
      onStored: ({ replayed }, at) => progress.show(replayed, at),
      open: (rules) => openRecords(input, rules, signal),
    })
    progress.clear()
    // Beside the result, which programs read.
    if (!options.json && !options.compare) await printCounts(describeCounts(result, input), progress, {})
    const lines = () => createInterface({ input: createReadStream(unsent.path) })
    return { result, dry: { store: temporary.store, made, unsent: lines, now: result.now } }
  } finally {
    progress.clear()
    unsent.close()
  }
}
