import type { Outcome } from '../domain/action.ts'
import { formatIso, type Micros } from '../domain/time.ts'
import { maskSecrets } from '../text/mask-secrets.ts'

/** How many items of an action have come to each outcome. */
export type OutcomesByName = { readonly [outcome in Outcome]: number }

/** A bulk action as the API shows it. */
export type RestAction = {
  readonly id: number
  readonly target: string
  readonly action: string
  readonly filter: { readonly [parameter: string]: string }
  /** name of the token that asked for it; null where the API needs none */
  readonly token: string | null
  readonly state: string
  /** ISO 8601 in UTC */
  readonly created_at: string
  readonly ended_at: string | null
  /** number of its items */
  readonly total: number
  /** what keeps it from going on, or ended it */
  readonly error: string | null
  /** of a single one */
  readonly outcomes?: OutcomesByName
  readonly _mark?: string
}

/** What became of one item of an action, as the API shows it. */
export type RestActionResult = {
  /** number of the stream or the dead letter */
  readonly id: number
  readonly outcome: Outcome
  readonly reason: string | null
  readonly _mark: string
}

type Recorded = {
  readonly id: number
  readonly target: string
  readonly verb: string
  readonly filter: { readonly [parameter: string]: string }
  readonly token: string | null
  readonly state: string
  readonly createdAt: Micros
  readonly endedAt: Micros | null
  readonly total: number
  readonly silentMs: number
  readonly error: string | null
}

/** A runner that was silent for so long has ended, ms. */
const LONG_SILENCE_MS = 20_000

/** Why an action does not go on whose process has ended, by its state. */
const LEFT: { readonly [state: string]: string } = {
  listing: 'its API was stopped while it chose the items; nothing was changed',
  running: 'its API was stopped; it goes on as soon as one is started',
}

/** Encodes an action. Of one whose process has ended, and that none has taken over yet, `error` says so. */
export function restAction(action: Recorded): RestAction {
  const { id, target, verb, filter, token, state, createdAt, endedAt, total, silentMs, error } = action
  const isLeft = endedAt === null && silentMs > LONG_SILENCE_MS
  return {
    ...{ id, target, action: verb, filter, token, state },
    created_at: formatIso(createdAt),
    ended_at: endedAt === null ? null : formatIso(endedAt),
    total,
    error: (isLeft && LEFT[state]) || (error === null ? null : maskSecrets(error)),
  }
}
