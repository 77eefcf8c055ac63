import type { Event } from '../../domain/event.ts'
import { MICROS_PER_SECOND, type Micros } from '../../domain/time.ts'
import type { Trait } from '../../domain/trait.ts'
import { isEqual, presentTrait, pythonText } from '../traits.ts'
import type { UsageFault } from '../verdict.ts'
import { nameOf } from './stream-story.ts'

export type Comparison = {
  readonly fault: UsageFault | undefined
  /** what differs and was taken for equal */
  readonly notes: readonly string[]
  /** fields that both events have and agree on */
  readonly agreed: readonly string[]
}

/**
 * Compares fields of two events. A blank conflicts with nothing, and so does a time or a fact about the system
 * (`os_…`) that one of them lacks; another field that one lacks is a conflict.
 */
export function compareFields(a: Event, b: Event, fields: readonly string[]): Comparison {
  const notes: string[] = []
  const agreed: string[] = []
  for (const field of fields) {
    const [x, y] = [presentTrait(a, field), presentTrait(b, field)]
    if (!x && !y) continue
    if (!x || !y) {
      if (mayLack(x ? b : a, field, (x ?? y) as Trait)) continue
      return { fault: conflict(field, a, b), notes, agreed }
    }
    if (!isEqual(x, y)) {
      if (!isSameTime(x, y)) return { fault: conflict(field, a, b), notes, agreed }
      if (differsInSeconds(x.value as Micros, y.value as Micros)) notes.push(secondApart(field, a, b))
    }
    agreed.push(field)
  }
  return { fault: undefined, notes, agreed }
}

/**
 * Whether two times are the same where one was kept without its fraction: Nova's memory has microseconds, its database
 * none. MariaDB cuts them off and MySQL rounds, so they are a second apart at most.
 */
export function isSameMoment(a: Micros, b: Micros): boolean {
  if (a === b) return true
  const isWhole = a % MICROS_PER_SECOND === 0 || b % MICROS_PER_SECOND === 0
  return isWhole && Math.abs(a - b) <= MICROS_PER_SECOND
}

function isSameTime(x: Trait, y: Trait): boolean {
  return x.type === 'datetime' && y.type === 'datetime' && isSameMoment(x.value, y.value)
}

/** Cutting the fraction off explains the difference of all others. */
function differsInSeconds(x: Micros, y: Micros): boolean {
  return Math.floor(x / MICROS_PER_SECOND) !== Math.floor(y / MICROS_PER_SECOND)
}

function mayLack(event: Event, field: string, other: Trait): boolean {
  const isBlank = Object.hasOwn(event.traits, field)
  return isBlank || other.type === 'datetime' || field.startsWith('os_')
}

function conflict(field: string, a: Event, b: Event): UsageFault {
  const [x, y] = [a, b].map((event) => pythonText(presentTrait(event, field)))
  return {
    code: 'U2',
    message: `Conflicting '${field}' values ('${x}' of ${nameOf(a)} != '${y}' of ${nameOf(b)})`,
  }
}

function secondApart(field: string, a: Event, b: Event): string {
  const [x, y] = [a, b].map((event) => pythonText(presentTrait(event, field)))
  return `${field} ${x} of ${nameOf(a)} counts as ${y}: times that one side keeps without a fraction may be a second apart`
}
