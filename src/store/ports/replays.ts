import type { Micros } from '../../domain/time.ts'
import type { NumberedReports, ReportedPositions } from './watermarks.ts'

/** What is kept of a replay until it has ended. */
export type ReplayRecord = {
  /** its name; the same command has the same */
  readonly name: string
  /** the process that runs it, or ran it last */
  readonly owner: string
  readonly startedAt: Micros
  /** how it was begun, in its own words */
  readonly given: string
  /** its files, in its own words; null before they are known */
  readonly files: string | null
}

/** What becomes of the record of a replay: another one, or none, and a report of its position with it. */
export type ReplayChange = {
  readonly record: ReplayRecord | undefined
  readonly reports?: (() => NumberedReports) | undefined
}

/** Replays of files: there is one at a time, and its streams belong to it until it has ended. */
export interface Replays {
  /** Reads the record of the replay that runs or is unfinished; undefined where there is none. */
  readReplay(): Promise<ReplayRecord | undefined>
  /**
   * Changes the record in one transaction, which others who change it wait for. `decide` gets the record and the
   * positions of all processes as they are then; it returns what they become, or undefined for no change. What it throws
   * is thrown, and changes nothing. Returns the record as it is afterwards.
   */
  changeReplay(
    decide: (
      record: ReplayRecord | undefined,
      reports: readonly ReportedPositions[],
    ) => ReplayChange | undefined,
  ): Promise<ReplayRecord | undefined>
  /**
   * Makes streams due again that a replay was running when it was killed, and returns how many. Each is run alone then, as
   * the streams of a dead worker are. Only to be called while no replay runs.
   */
  resumeReplayed(): Promise<number>
  /** Gives streams that belong to a replay to the workers of the deployment, and returns how many there were. */
  releaseReplayed(release: ReplayRelease): Promise<number>
}

export type ReplayRelease = {
  /** most streams to be released */
  readonly limit: number
  /** event time */
  readonly now: Micros
  /**
   * what becomes of streams that are due before `now`: workers run them `as others`, or without sending anything (`quiet`),
   * or they are `completed` at once
   */
  readonly past: 'as others' | 'quiet' | 'completed'
}
