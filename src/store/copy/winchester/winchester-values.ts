import { InvalidError } from '../../../domain/errors.ts'
import { STREAM_STATES, type StreamState } from '../../../domain/stream.ts'
import type { Micros } from '../../../domain/time.ts'
import { type DistinguishingTrait, intTrait } from '../../../domain/trait.ts'

/** A row of `trait` or `dist_trait`; times are decimal seconds since the epoch, as texts. */
export type WinchesterTrait = {
  readonly name: string
  /** 0 none, 1 text, 2 int, 3 float, 4 datetime, 5 time range */
  readonly type: number | null
  readonly text: string | null
  readonly float: number | null
  readonly int: number | string | null
  readonly at: string | null
  readonly begin?: string | null
  readonly end?: string | null
}

/**
 * Returns the typed value of a trait; undefined where the row has no value of the type that it names.
 *
 * @example
 * traitOf({ name: 'memory_mb', type: 2, int: 512, text: null, float: null, at: null }) // { type: 'int', value: 512 }
 */
export function traitOf(row: WinchesterTrait): DistinguishingTrait | undefined {
  const { type, text, float, int, at, begin = null, end = null } = row
  if (type === 0) return { type: 'none', value: null }
  if (type === 1 && text !== null) return { type: 'text', value: text }
  if (type === 2 && int !== null) return intTrait(BigInt(int))
  if (type === 3 && float !== null) return { type: 'float', value: float }
  if (type === 4 && at !== null) return { type: 'datetime', value: microsOf(at) }
  if (type === 5 && begin !== null && end !== null)
    return { type: 'timerange', begin: microsOf(begin), end: microsOf(end) }
  return undefined
}

/** Returns decimal seconds since the epoch as microseconds, exactly. Throws InvalidError for what is no such time. */
export function microsOf(decimal: string): Micros {
  const [, sign, seconds = '', fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(decimal) ?? []
  const micros = Number(`${sign}${seconds}${fraction.slice(0, 6).padEnd(6, '0')}`)
  if (seconds !== '' && Number.isSafeInteger(micros)) return micros
  throw new InvalidError(`${JSON.stringify(decimal)} is no time; expected decimal seconds since 1970`)
}

/** Returns the state of a stream by its number, 1 to 8. Throws InvalidError for any other. */
export function stateOf(number: number): StreamState {
  const state = STREAM_STATES[number - 1]
  if (state) return state
  throw new InvalidError(`the state ${number} is not known; expected 1 to ${STREAM_STATES.length}`)
}
