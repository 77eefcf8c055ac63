import { formatIso, type Micros } from '../domain/time.ts'
import type { ReplayRecord, Replays } from '../store/ports/replays.ts'
import { type ReportedPositions, SILENT_MS, type Watermarks } from '../store/ports/watermarks.ts'
import { parseJson } from '../text/json.ts'
import { commandOf, REPLAY_PREFIX, type ReplayGiven } from './given.ts'
import { parseReplayPosition, type ReplayPosition } from './records/replay-place.ts'

/** The replay of a database that has not ended. */
export type UnfinishedReplay = {
  readonly given: ReplayGiven
  /** the process that runs it, or ran it last */
  readonly owner: string
  readonly isRunning: boolean
  /** event time that it has reached; undefined before its first batch */
  readonly at: Micros | undefined
}

/** A replay that lives, or did a moment ago. */
export type LivingReplay = { readonly name: string; readonly process: string; readonly ageMs: number }

/** Reads which replay runs or is unfinished; undefined where none is. */
export async function readUnfinished(
  store: Pick<Replays, 'readReplay'> & Pick<Watermarks, 'readReports'>,
): Promise<UnfinishedReplay | undefined> {
  const record = await store.readReplay()
  return record && unfinishedOf(record, await store.readReports())
}

/** Returns what is known of a replay that has not ended. */
export function unfinishedOf(
  { name, owner, given }: ReplayRecord,
  reports: readonly ReportedPositions[],
): UnfinishedReplay {
  const at = positionIn(reports, name)?.at
  const isRunning = livingReplay(reports)?.name === name
  return { given: parseGiven(given), owner, isRunning, at: at === 0 ? undefined : at }
}

/**
 * Describes a replay that has not ended.
 *
 * @example
 * describeUnfinished(replay) // a replay of /archive/done is unfinished, stopped at 2026-11-19T08:00:00; go on with it …
 */
export function describeUnfinished({ given, owner, isRunning, at }: UnfinishedReplay): string {
  const files = given.names.map((name) => (name === '-' ? 'standard input' : name)).join(', ')
  if (isRunning)
    return `a replay of ${files} runs (${owner})${at === undefined ? '' : `, at ${formatIso(at)}`}`
  const stopped = at === undefined ? '' : `, stopped at ${formatIso(at)}`
  const end = 'or hand its streams to the workers with --release-unfinished'
  return `a replay of ${files} is unfinished${stopped}; go on with it by \`${commandOf(given)}\`, ${end}`
}

/** Returns the replay that a process runs, or ran a moment ago. */
export function livingReplay(reports: readonly ReportedPositions[]): LivingReplay | undefined {
  for (const { name: process, queues, ageMs } of reports)
    for (const [name, { hasLeft }] of Object.entries(queues))
      if (name.startsWith(REPLAY_PREFIX) && !hasLeft && ageMs < SILENT_MS) return { name, process, ageMs }
  return undefined
}

/** Returns the latest position of a replay. */
export function positionIn(reports: readonly ReportedPositions[], name: string): ReplayPosition | undefined {
  const places = reports.flatMap(({ queues }) => queues[name]?.place ?? [])
  return places.map(parseReplayPosition).sort((a, b) => b.at - a.at)[0]
}

/** Parses how a replay was begun, as its record keeps it. */
export function parseGiven(text: string): ReplayGiven {
  return parseJson(text) as unknown as ReplayGiven
}
