import type { Outcome } from './file-job.ts'
import { isTrouble } from './notices.ts'

/** Numbers since the agent started. */
export type ShipCounters = {
  readonly passes: number
  readonly shippedFiles: number
  readonly shippedBytes: number
  readonly deletedFiles: number
  readonly deletedBytes: number
}

/** What the last pass left to be done. Times are milliseconds since the epoch. */
export type ShipBacklog = {
  /** files that are due and could not be shipped */
  readonly pendingFiles: number
  readonly pendingBytes: number
  /** since when the oldest of them is due */
  readonly oldestDueAt: number | undefined
  /** files by what hinders them */
  readonly troubles: { readonly [kind: string]: number }
  /** the oldest of them, and what hinders it */
  readonly oldest: { readonly path: string; readonly error: string } | undefined
}

const NOTHING: ShipBacklog = {
  pendingFiles: 0,
  pendingBytes: 0,
  oldestDueAt: undefined,
  troubles: {},
  oldest: undefined,
}

/** Counts what passes do, for metrics and health. */
export class ShipState {
  counters: ShipCounters = { passes: 0, shippedFiles: 0, shippedBytes: 0, deletedFiles: 0, deletedBytes: 0 }
  /** of the last pass that ended */
  backlog = NOTHING
  #next = NOTHING
  /** the file that has waited longer than its log set allows, and why */
  #late: string | undefined
  #nextLate: string | undefined
  #failure: string | undefined

  begin(): void {
    this.#next = NOTHING
    this.#nextLate = undefined
  }

  end(): void {
    this.backlog = this.#next
    this.#late = this.#nextLate
    this.#failure = undefined
    this.counters = { ...this.counters, passes: this.counters.passes + 1 }
  }

  /** Records that a pass could not be ended. */
  failed(reason: string): void {
    this.#failure = `the pass over all files failed: ${reason}`
  }

  tell(outcome: Outcome, now: number): void {
    const size = Number(outcome.file.stats.size)
    const { shippedFiles, shippedBytes, deletedFiles, deletedBytes } = this.counters
    if (outcome.uploaded && outcome.result === 'done')
      this.counters = { ...this.counters, shippedFiles: shippedFiles + 1, shippedBytes: shippedBytes + size }
    if (outcome.deleted)
      this.counters = { ...this.counters, deletedFiles: deletedFiles + 1, deletedBytes: deletedBytes + size }
    if (isTrouble(outcome) || outcome.result === 'due') this.#wait(outcome, size, now)
  }

  /** Returns why the agent does not do its work: a pass that failed, or a file that waits longer than alert_after. */
  hindrance(): string | undefined {
    return this.#failure ?? this.#late
  }

  #wait({ file, placed, decision, failure, result, error }: Outcome, size: number, now: number): void {
    const { pendingFiles, pendingBytes, oldestDueAt, troubles, oldest } = this.#next
    const kind = failure ?? (result === 'due' ? 'waiting' : result)
    const dueAt = decision.archiveAfter
    const isOldest = oldest === undefined || (dueAt ?? Infinity) < (oldestDueAt ?? Infinity)
    this.#next = {
      pendingFiles: pendingFiles + 1,
      pendingBytes: pendingBytes + size,
      oldestDueAt: dueAt === undefined ? oldestDueAt : Math.min(dueAt, oldestDueAt ?? dueAt),
      troubles: { ...troubles, [kind]: (troubles[kind] ?? 0) + 1 },
      oldest: isOldest ? { path: file.text, error: error ?? kind } : oldest,
    }
    const { alertAfterMs } = placed.set
    if (alertAfterMs === undefined || dueAt === undefined || now - dueAt <= alertAfterMs) return
    const late = Math.round((now - dueAt) / 1000)
    this.#nextLate ??= `log set ${placed.name}: ${file.text} is due for ${late} s: ${error ?? kind}`
  }
}
