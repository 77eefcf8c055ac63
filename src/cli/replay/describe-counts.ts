import type { ReplayResult } from '../../assembly/build-replay.ts'
import { formatIso } from '../../domain/time.ts'
import { formatDuration } from '../../text/format-duration.ts'
import { print } from '../program.ts'
import { requireRead } from '../require-read.ts'
import { grouped } from '../terminal/grouped.ts'
import type { FileInput } from './file-input.ts'
import type { ReplayProgress } from './replay-progress.ts'

/** The counts of a replay, as a JSON object. */
export type CountsLine = {
  readonly complete: boolean
  readonly replayed: number
  readonly stored: number
  readonly duplicates: number
  readonly dead_letters: number
  /** notifications that no definition matches */
  readonly undefined: number
  /** notifications that the filters leave out */
  readonly left_out: number
  readonly late: number
  readonly latest: { readonly by_s: number; readonly place: string } | null
  readonly fired: number
  readonly expired: number
  readonly failed: number
  /** event time that was reached */
  readonly at: string
}

/** Returns the counts of a replay. */
export function describeCounts({ counts, worker, now }: ReplayResult, { leftOut }: FileInput): CountsLine {
  const { latest } = counts
  return {
    complete: counts.isComplete,
    replayed: counts.replayed,
    stored: counts.stored,
    duplicates: counts.duplicates,
    dead_letters: counts.deadLetters,
    undefined: leftOut.undefined,
    left_out: leftOut.unwanted,
    late: counts.late,
    latest: latest ? { by_s: latest.by / 1e6, place: latest.place } : null,
    fired: worker.fired,
    expired: worker.expired,
    failed: worker.failed,
    at: formatIso(now),
  }
}

/** Prints the counts of a replay, as text or as one JSON object. */
export async function printCounts(
  counts: CountsLine,
  progress: ReplayProgress,
  { json }: { readonly json?: true },
): Promise<void> {
  if (json) return print(`${JSON.stringify(counts)}\n`)
  await print(`${progress.counted(counts.replayed)}\n`)
  for (const line of textOf(counts)) await print(`  ${line}\n`)
}

function textOf(counts: CountsLine): string[] {
  const { stored, duplicates, dead_letters, left_out, late, latest, fired, expired, failed } = counts
  const parts = [
    [stored, stored === 1 ? 'new event' : 'new events'],
    [duplicates, 'stored before'],
    [dead_letters, dead_letters === 1 ? 'dead letter' : 'dead letters'],
    [counts.undefined, 'without a definition'],
    [left_out, 'left out'],
  ] as const
  const lines = [partsText(parts)]
  const runs = partsText([
    [fired, fired === 1 ? 'stream fired' : 'streams fired'],
    [expired, 'expired'],
    [failed, 'failed'],
  ])
  if (runs) lines.push(runs)
  if (latest)
    lines.push(
      `${grouped(late)} came after later ones, by up to ${formatDuration(latest.by_s * 1e6)} (${latest.place}): they may have found their streams fired`,
    )
  return lines.filter(Boolean)
}

function partsText(parts: readonly (readonly [count: number, what: string])[]): string {
  return parts
    .filter(([count]) => count > 0)
    .map(([count, what]) => `${grouped(count)} ${what}`)
    .join(', ')
}

/** Throws StackTachError where no notification could be read at all. */
export function requireNotifications(
  { counts }: ReplayResult,
  { leftOut, isNarrowed }: FileInput,
  names: readonly string[],
): void {
  const read = counts.replayed - counts.deadLetters + leftOut.unwanted + leftOut.undefined
  if (!isNarrowed) requireRead(read, names)
}
