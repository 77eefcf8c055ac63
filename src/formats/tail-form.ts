import type { RestDeadLetter } from './dead-letter-form.ts'
import type { RestEvent, RestValue } from './rest-form.ts'

/** What a tail tells of: new events, streams that open or come to another state, dead letters. */
export const TAIL_KINDS = ['event', 'stream', 'dead-letter'] as const
export type TailKind = (typeof TAIL_KINDS)[number]

/** A stream that was opened, or has come to another state. */
export type RestStreamChange = {
  readonly id: number
  readonly name: string
  readonly what: 'opened' | 'changed'
  readonly state: string
  /** machine time of the change, ISO 8601 in UTC; null for one that was opened */
  readonly at: string | null
  readonly distinguishing_traits: { readonly [name: string]: RestValue }
  readonly last_error?: string
}

/**
 * A message of a tail. `gap`: some of what has happened is not told; `dropped`: the reader was too slow; `waiting`: the
 * database, or the server itself, is away.
 */
export type TailMessage =
  | { readonly kind: 'event'; readonly id: string; readonly data: RestEvent }
  | { readonly kind: 'stream'; readonly id: string; readonly data: RestStreamChange }
  | { readonly kind: 'dead-letter'; readonly id: string; readonly data: RestDeadLetter }
  | {
      readonly kind: 'gap' | 'dropped' | 'waiting'
      readonly id: string
      readonly data: { readonly reason: string }
    }

/** How far a reader of a tail has come in each list. */
export type TailPlace = {
  readonly event: number
  readonly stream: number
  readonly change: number
  readonly letter: number
}

/** Returns the text of a place, for the header Last-Event-ID. */
export function formatPlace({ event, stream, change, letter }: TailPlace): string {
  return [event, stream, change, letter].map((id) => id.toString(16)).join('-')
}

/** Parses the text of a place; returns undefined for any other text. */
export function parsePlace(text: string): TailPlace | undefined {
  if (!/^[0-9a-f]{1,13}(-[0-9a-f]{1,13}){3}$/.test(text)) return undefined
  const [event = 0, stream = 0, change = 0, letter = 0] = text
    .split('-')
    .map((digits) => Number.parseInt(digits, 16))
  return { event, stream, change, letter }
}
