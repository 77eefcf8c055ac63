import { FLOAT_TEXT, INTEGER_TEXT } from './number-text.ts'
import { parseIso, parseMoment } from './time.ts'
import { canonicalTrait, type DistinguishingTrait, type DistinguishingTraits, intTrait } from './trait.ts'

/** Requires a trait to be present and to have one of these typed values. */
export type ValueCondition = { readonly name: string; readonly values: readonly DistinguishingTrait[] }

/** Requires a trait to be present and its value to pass a test. No index helps to find it. */
export type TestCondition = {
  readonly name: string
  readonly test: (trait: DistinguishingTrait) => boolean
  /** with what every value that passes begins, where all of them are texts */
  readonly textPrefix?: string
}

export type TraitCondition = ValueCondition | TestCondition

/** Whether a condition names the values that meet it, which an index finds. */
export function isValueCondition(condition: TraitCondition): condition is ValueCondition {
  return 'values' in condition
}

/** Whether the traits meet all conditions. */
export function holdsTraits(traits: DistinguishingTraits, conditions: readonly TraitCondition[]): boolean {
  return conditions.every((condition) => {
    const { name } = condition
    const trait = Object.hasOwn(traits, name) ? traits[name] : undefined
    return trait !== undefined && isMetBy(condition, trait)
  })
}

/** Whether the value of a trait meets a condition. */
export function isMetBy(condition: TraitCondition, trait: DistinguishingTrait): boolean {
  if (!isValueCondition(condition)) return condition.test(trait)
  const canonical = canonicalTrait(trait)
  return condition.values.some((value) => canonicalTrait(value) === canonical)
}

/**
 * Returns all typed values that a text may stand for. `512` is a text, an int and a float; `A to B` with two
 * times is a timerange.
 */
export function readingsOf(text: string): DistinguishingTrait[] {
  const readings: DistinguishingTrait[] = [{ type: 'text', value: text }]
  if (FLOAT_TEXT.test(text)) {
    const number = Number(text)
    const int = INTEGER_TEXT.test(text) ? intTrait(BigInt(text.replace('+', ''))) : wholeTrait(number)
    if (int) readings.push(int)
    if (Number.isFinite(number)) readings.push({ type: 'float', value: number })
  }
  const time = parseMoment(text)
  if (time) readings.push({ type: 'datetime', ...time })
  const [begin, end, more] = text.split(' to ').map(parseIso)
  if (begin !== undefined && end !== undefined && more === undefined)
    readings.push({ type: 'timerange', begin, end })
  return readings
}

/** Returns the int trait of a whole number, so that `512.0` also matches the int 512. */
function wholeTrait(number: number): DistinguishingTrait | undefined {
  return Number.isSafeInteger(number) ? { type: 'int', value: number } : undefined
}
