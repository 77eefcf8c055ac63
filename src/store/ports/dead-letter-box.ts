import type { Micros } from '../../domain/time.ts'
import type { Page } from './queries.ts'

/** A message or a record that could not be processed, before it is kept. */
export type NewDeadLetter = {
  /** where it failed, e.g. `decode`, `distill`, `store`, `pipeline` */
  readonly stage: string
  readonly reason: string
  readonly queue: string | null
  readonly body: Buffer
}

export type DeadLetter = NewDeadLetter & {
  readonly id: number
  /** when it was kept, on the machine's clock */
  readonly at: Micros
}

export type DeadLetterFilter = {
  readonly ids?: readonly number[] | undefined
  readonly stage?: string | undefined
  readonly queue?: string | undefined
  /** only dead letters kept after this time, on the machine's clock */
  readonly since?: Micros | undefined
  /** only dead letters kept before this time */
  readonly until?: Micros | undefined
}

/** The dead letters that were kept, for operators; consumers and workers keep them with what they store. */
export interface DeadLetterBox {
  listDeadLetters(filter: DeadLetterFilter, page: Page): Promise<DeadLetter[]>
  countDeadLetters(filter: DeadLetterFilter): Promise<number>
  /** Deletes dead letters and returns how many. */
  dropDeadLetters(filter: DeadLetterFilter): Promise<number>
  /** Replaces the stage and the reason of a dead letter after another try. */
  noteDeadLetter(id: number, stage: string, reason: string): Promise<void>
}
