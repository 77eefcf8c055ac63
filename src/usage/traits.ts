import type { Event } from '../domain/event.ts'
import { formatMoment, type Micros } from '../domain/time.ts'
import { canonicalTrait, type Trait } from '../domain/trait.ts'

/** Returns a trait that has a value; undefined for one that is missing, null or the empty text. */
export function presentTrait(event: Event, name: string): Trait | undefined {
  const trait = Object.hasOwn(event.traits, name) ? event.traits[name] : undefined
  return trait && trait.type !== 'none' && trait.value !== '' ? trait : undefined
}

/** Returns the value of a datetime trait; undefined for any other. */
export function timeOf(event: Event, name: string): Micros | undefined {
  const trait = presentTrait(event, name)
  return trait?.type === 'datetime' ? trait.value : undefined
}

/** Returns the value of a text trait; undefined for any other. */
export function textOf(event: Event, name: string): string | undefined {
  const trait = presentTrait(event, name)
  return trait?.type === 'text' ? trait.value : undefined
}

/** Whether two traits have the same value. Int and float are equal by value. */
export function isEqual(a: Trait, b: Trait): boolean {
  const isNumber = ({ type }: Trait) => type === 'int' || type === 'float'
  if (isNumber(a) && isNumber(b)) return Number(a.value) === Number(b.value)
  return canonicalTrait(a) === canonicalTrait(b)
}

/** Formats a trait's value like Python's str(); a missing trait as None. */
export function pythonText(trait: Trait | undefined): string {
  if (!trait || trait.type === 'none') return 'None'
  if (trait.type === 'datetime') return formatMoment(trait).replace('T', ' ')
  const text = String(trait.value)
  return trait.type === 'float' && Number.isInteger(trait.value) && /^-?\d+$/.test(text) ? `${text}.0` : text
}
