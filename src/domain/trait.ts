import type { Micros, Moment } from './time.ts'

/** The trait types that an event definition may name. */
export type TraitType = 'text' | 'int' | 'float' | 'datetime'

/**
 * A typed value of an event. An `int` is a number while that is exact, and a bigint above 2^53. A `datetime`
 * of a far year may have a `rest` of microseconds, which copies of it should keep. `none` stands for null between
 * handlers and in distinguishing traits; a store drops it from events.
 */
export type Trait =
  | { readonly type: 'text'; readonly value: string }
  | { readonly type: 'int'; readonly value: number | bigint }
  | { readonly type: 'float'; readonly value: number }
  | ({ readonly type: 'datetime' } & Moment)
  | { readonly type: 'none'; readonly value: null }

/** A range of time: begin inclusive, end exclusive. */
export type TimeRange = { readonly type: 'timerange'; readonly begin: Micros; readonly end: Micros }

/** A value that distinguishes the streams of a trigger. */
export type DistinguishingTrait = Trait | TimeRange

export type Traits = { readonly [name: string]: Trait }
export type DistinguishingTraits = { readonly [name: string]: DistinguishingTrait }

/** Returns the time range among the distinguishing traits; undefined where there is none. */
export function timeRangeOf(traits: DistinguishingTraits): TimeRange | undefined {
  return Object.values(traits).find((trait) => trait.type === 'timerange')
}

const INT64_MIN = -(2n ** 63n)
const INT64_MAX = 2n ** 63n - 1n

/** Returns the int trait of an exact integer; undefined outside the signed 64-bit range. */
export function intTrait(value: number | bigint): Trait | undefined {
  if (Number.isSafeInteger(value)) return { type: 'int', value: value as number }
  const exact = BigInt(value)
  if (exact < INT64_MIN || exact > INT64_MAX) return undefined
  const small = Number(exact)
  return { type: 'int', value: Number.isSafeInteger(small) ? small : exact }
}

/**
 * Returns a text that is equal for two traits exactly when type and value are equal. Keys are hashed from it
 * and values compared by it. The int 3 and the float 3.0 differ.
 */
export function canonicalTrait(trait: DistinguishingTrait): string {
  switch (trait.type) {
    case 'timerange':
      return `r${trait.begin}:${trait.end}`
    case 'text':
      return `t${trait.value}`
    case 'int':
      return `i${trait.value}`
    case 'float':
      // Adding 0 turns -0 into 0.
      return `f${trait.value + 0}`
    case 'datetime':
      return trait.rest ? `d${trait.value} ${trait.rest}` : `d${trait.value}`
    case 'none':
      return 'n'
  }
}

/** Returns the canonical text of a set of traits, independent of the order of the names. */
export function canonicalTraits(traits: DistinguishingTraits): string {
  const names = Object.keys(traits).sort()
  return JSON.stringify(names.map((name) => [name, canonicalTrait(traits[name] as DistinguishingTrait)]))
}
