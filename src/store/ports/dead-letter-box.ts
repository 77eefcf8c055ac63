import type { Micros } from '../../domain/time.ts'
import type { Page } from './queries.ts'

/** A message or a record that could not be processed, before it is kept. */
export type NewDeadLetter = {
  /** stage that failed, e.g. `decode`, `distill`, `store`, `pipeline` */
  readonly stage: string
  readonly reason: string
  readonly queue: string | null
  readonly body: Buffer
  /**
   * hash of the whole message where `body` is only its beginning: messages that begin alike are different dead
   * letters
   */
  readonly wholeHash?: string | undefined
}

export type DeadLetter = Omit<NewDeadLetter, 'wholeHash'> & {
  readonly id: number
  /** time of keeping, on the machine's clock */
  readonly at: Micros
}

/** A dead letter without its body, which may be large. */
export type DeadLetterHead = Omit<DeadLetter, 'body'> & { readonly bytes: number }

/** Stages of the dead letters that are about a stream and hold no message. */
export const STREAM_STAGES = ['pipeline', 'commit'] as const
export type StreamStage = (typeof STREAM_STAGES)[number]

export type DeadLetterFilter = {
  readonly ids?: readonly number[] | undefined
  readonly stage?: string | undefined
  readonly queue?: string | undefined
  /** only those whose reason holds this text, or matches this pattern with `*` and `?`, in any case */
  readonly reason?: string | undefined
  /** only that of this stream */
  readonly stream?: number | undefined
  /** only dead letters kept after this time, on the machine's clock */
  readonly since?: Micros | undefined
  /** only dead letters kept before this time */
  readonly until?: Micros | undefined
}

/**
 * The kept dead letters, for operators. Consumers and workers keep them together with what they store.
 *
 * @example
 * const page = { limit: 50, mark: undefined, ascending: true }
 * const letters = await box.listDeadLetters({ stage: 'distill' }, page)
 */
export interface DeadLetterBox {
  listDeadLetters(filter: DeadLetterFilter, page: Page): Promise<DeadLetter[]>
  /** Lists dead letters without their bodies. */
  listDeadLetterHeads(filter: DeadLetterFilter, page: Page): Promise<DeadLetterHead[]>
  countDeadLetters(filter: DeadLetterFilter): Promise<number>
  /** Counts all dead letters by their stage. */
  countDeadLettersByStage(): Promise<ReadonlyMap<string, number>>
  /** Returns for each body whether a message with this body is kept, of whatever stage and queue. */
  areDeadLetters(bodies: readonly Buffer[]): Promise<boolean[]>
  /** Deletes dead letters and returns how many. */
  dropDeadLetters(filter: DeadLetterFilter): Promise<number>
  /** Replaces the stage and the reason of a dead letter after another try. */
  noteDeadLetter(id: number, stage: string, reason: string): Promise<void>
}
