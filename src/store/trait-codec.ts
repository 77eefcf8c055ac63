import { hash64 } from '../domain/hash.ts'
import type { DistinguishingTrait, DistinguishingTraits, Trait, Traits } from '../domain/trait.ts'
import { canonicalTrait } from '../domain/trait.ts'
import { quotedName, quotedText } from '../text/quoted-json.ts'

// In the JSON columns text and int are plain values; {"f":3} is the float 3.0, {"d":1} a datetime in
// microseconds (in far years {"d":1,"x":2} with what it lacks), {"i":"9223372036854775807"} an int beyond
// 2^53, {"r":[1,2]} a timerange, and null is none.
type Encoded =
  | string
  | number
  | null
  | { f: number }
  | { d: number; x?: number | undefined }
  | { i: string }
  | { r: [number, number] }

function encodeTrait(trait: DistinguishingTrait): Encoded {
  switch (trait.type) {
    case 'int':
      return typeof trait.value === 'bigint' ? { i: String(trait.value) } : trait.value
    case 'float':
      return { f: trait.value }
    case 'datetime':
      return { d: trait.value, x: trait.rest || undefined }
    case 'timerange':
      return { r: [trait.begin, trait.end] }
    default:
      return trait.value
  }
}

function decodeTrait(encoded: Encoded): DistinguishingTrait {
  if (encoded === null) return { type: 'none', value: null }
  if (typeof encoded === 'string') return { type: 'text', value: encoded }
  if (typeof encoded === 'number') return { type: 'int', value: encoded }
  if ('f' in encoded) return { type: 'float', value: encoded.f }
  if ('d' in encoded) {
    const { d: value, x: rest } = encoded
    return rest === undefined ? { type: 'datetime', value } : { type: 'datetime', value, rest }
  }
  if ('i' in encoded) return { type: 'int', value: BigInt(encoded.i) }
  return { type: 'timerange', begin: encoded.r[0], end: encoded.r[1] }
}

/** Stands among the traits of an event of a far year for what its timestamp lacks. */
const TIMESTAMP_REST = '\0timestamp'

/**
 * Encodes the traits of an event for a JSON column, without those of type none. Written by hand:
 * JSON.stringify takes three times as long.
 */
export function encodeTraits(traits: Traits, timestampRest?: number): string {
  let json = timestampRest ? `{${JSON.stringify(TIMESTAMP_REST)}:${timestampRest}` : ''
  for (const name in traits) {
    const trait = traits[name] as Trait
    if (trait.type === 'none') continue
    json += `${json === '' ? '{' : ','}${quotedName(name)}:${encodedJson(trait)}`
  }
  return json === '' ? '{}' : `${json}}`
}

function encodedJson(trait: Trait): string {
  if (trait.type === 'text') return quotedText(trait.value)
  if (trait.type === 'datetime' && !trait.rest) return `{"d":${trait.value}}`
  return JSON.stringify(encodeTrait(trait))
}

export function encodeDistinguishingTraits(traits: DistinguishingTraits): string {
  return JSON.stringify(
    Object.fromEntries(Object.entries(traits).map(([name, trait]) => [name, encodeTrait(trait)])),
  )
}

export function decodeTraits(json: string): Traits {
  return decodeDistinguishingTraits(json) as Readonly<Record<string, Trait>>
}

/** Decodes the traits of an event of a far year, and what its timestamp lacks. */
export function decodeFarEvent(json: string): { readonly traits: Traits; readonly timestampRest: number } {
  const { [TIMESTAMP_REST]: rest, ...traits } = decodeTraits(json)
  return { traits, timestampRest: rest?.type === 'int' ? Number(rest.value) : 0 }
}

/** Decodes a JSON column of traits in place: building a second object would take as long again. */
export function decodeDistinguishingTraits(json: string): DistinguishingTraits {
  const traits = JSON.parse(json) as { [name: string]: Encoded | DistinguishingTrait }
  for (const name in traits) traits[name] = decodeTrait(traits[name] as Encoded)
  return traits as DistinguishingTraits
}

/**
 * Returns the key of a trait in the inverted indexes: 64 bits of its name and typed value, as 16 hex digits.
 */
export function traitHash(name: string, trait: DistinguishingTrait): string {
  return hash64(`${name}\0${canonicalTrait(trait)}`)
}
