import type { Micros } from './time.ts'

/** What a definition may ask for. */
export type TraitType = 'text' | 'int' | 'float' | 'datetime'

/**
 * A typed value of an event. `int` is a number while it is exact and a bigint above 2^53; `none` stands for
 * null between handlers and in distinguishing traits and is dropped when an event is stored.
 */
export type Trait =
  | { readonly type: 'text'; readonly value: string }
  | { readonly type: 'int'; readonly value: number | bigint }
  | { readonly type: 'float'; readonly value: number }
  | { readonly type: 'datetime'; readonly value: Micros }
  | { readonly type: 'none'; readonly value: null }

/** Begin inclusive, end exclusive. */
export type TimeRange = { readonly type: 'timerange'; readonly begin: Micros; readonly end: Micros }

/** What streams are told apart by. */
export type DistinguishingTrait = Trait | TimeRange

export type Traits = { readonly [name: string]: Trait }
export type DistinguishingTraits = { readonly [name: string]: DistinguishingTrait }

/** The range of time by which streams are told apart; undefined where there is none. */
export function timeRangeOf(traits: DistinguishingTraits): TimeRange | undefined {
  return Object.values(traits).find((trait) => trait.type === 'timerange')
}

const INT64_MIN = -(2n ** 63n)
const INT64_MAX = 2n ** 63n - 1n

/** An int trait from an exact integer, or undefined outside the signed 64-bit range. */
export function intTrait(value: number | bigint): Trait | undefined {
  if (Number.isSafeInteger(value)) return { type: 'int', value: value as number }
  const exact = BigInt(value)
  if (exact < INT64_MIN || exact > INT64_MAX) return undefined
  const small = Number(exact)
  return { type: 'int', value: Number.isSafeInteger(small) ? small : exact }
}

/**
 * One text per typed value, equal exactly when type and value are: what keys are hashed from and values are
 * compared by. The int 3 and the float 3.0 differ.
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
      // + 0 makes one zero out of two
      return `f${trait.value + 0}`
    case 'datetime':
      return `d${trait.value}`
    case 'none':
      return 'n'
  }
}

/** Canonical text of a whole set of traits, whatever the order they stand in. */
export function canonicalTraits(traits: DistinguishingTraits): string {
  const names = Object.keys(traits).sort()
  return JSON.stringify(names.map((name) => [name, canonicalTrait(traits[name] as DistinguishingTrait)]))
}
