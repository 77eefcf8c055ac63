import { processName, stopSignal } from '../../assembly/daemon.ts'
import { openStore } from '../../assembly/open-store.ts'
import { wallClock } from '../../clock/event-clock.ts'
import { loadWholeConfig } from '../../config/load/load-config.ts'
import { nameOfDatabase } from '../../config/load/server-url.ts'
import { createDistiller } from '../../distiller/distiller.ts'
import { type RedistilSummary, redistil, type TraitChange } from '../../replay/redistil.ts'
import { stringifyJson } from '../../text/json.ts'
import { loggerOf } from '../logger-of.ts'
import { print, printNote } from '../program.ts'
import { requireRead } from '../require-read.ts'
import { tellWait } from '../tell-wait.ts'
import { grouped } from '../terminal/grouped.ts'
import { openFileInput } from './file-input.ts'
import type { ReplayCommandOptions } from './replay-options.ts'
import { ReplayProgress } from './replay-progress.ts'

/** Gives stored events the traits that today's definitions extract from the notifications of files. */
export async function redistilFiles(names: readonly string[], options: ReplayCommandOptions): Promise<void> {
  const signal = stopSignal()
  const config = await loadWholeConfig(options.config, process.env)
  const input = await openFileInput(names, options, config, signal)
  const opening = openStore(config, { writer: processName('redistil') })
  const store = await tellWait(nameOfDatabase(config.winchester.database.url), opening)
  const progress = new ReplayProgress({
    done: input.done,
    log: (line) => loggerOf(options).info({}, line),
  })
  try {
    const summary = await redistil({
      files: input.files.map(({ file }) => file),
      read: input.read,
      distiller: createDistiller(config.definitions, { catchAll: config.winchester.catch_all_notifications }),
      maxMessageBytes: config.yagi?.broker.maxMessageBytes ?? Number.POSITIVE_INFINITY,
      store,
      wanted: input.wanted,
      wallNow: wallClock.now,
      logger: loggerOf(options, 'warn'),
      signal,
      onBatch: ({ read, indexed }) => progress.show(read + indexed),
    })
    progress.clear()
    await show(summary, progress, options)
    if (!summary.isComplete) {
      printNote('stopped; what is done stays done, and the same command goes through all of it again')
      process.exitCode = 1
    } else if (!input.isNarrowed) requireRead(summary.read, names)
  } finally {
    progress.clear()
    await store.close()
  }
}

async function show(
  summary: RedistilSummary,
  progress: ReplayProgress,
  { json }: ReplayCommandOptions,
): Promise<void> {
  if (json) return print(`${stringifyJson(lineOf(summary))}\n`)
  await print(`${progress.counted(summary.read)}\n`)
  for (const line of textOf(summary)) await print(`  ${line}\n`)
}

function lineOf(summary: RedistilSummary): object {
  const { isComplete: complete, firstMissing: first_missing, traits, ...counts } = summary
  return { complete, ...counts, first_missing, traits }
}

const CHANGES: { readonly [change in TraitChange]: string } = {
  added: 'added',
  retyped: 'of another type',
  revalued: 'of another value',
  removed: 'removed',
}

function textOf({ found, changed, missing, firstMissing, refused, ...rest }: RedistilSummary): string[] {
  const lines = [`${grouped(found)} events looked at, ${grouped(changed)} changed`]
  for (const change of Object.keys(CHANGES) as TraitChange[]) {
    const counts = Object.entries(rest.traits[change]).sort(([a], [b]) => (a < b ? -1 : 1))
    for (const [name, count] of counts) lines.push(`trait ${name} ${CHANGES[change]} in ${grouped(count)}`)
  }
  if (rest.indexed > 0) lines.push(`${grouped(rest.indexed)} older events added to the index of traits`)
  if (rest.undefined > 0) lines.push(`${grouped(rest.undefined)} without a definition`)
  if (refused > 0) lines.push(`${grouped(refused)} of which no event can be made`)
  if (missing > 0) {
    const more = missing > firstMissing.length ? ' …' : ''
    lines.push(`${grouped(missing)} not stored: ${firstMissing.join(', ')}${more}`)
  }
  return lines
}
