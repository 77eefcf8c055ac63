import type { Event } from '../../domain/event.ts'
import { MICROS_PER_SECOND, type Micros } from '../../domain/time.ts'
import type { Trait } from '../../domain/trait.ts'
import { isEqual, presentTrait, pythonText } from '../traits.ts'
import type { UsageFault } from '../verdict.ts'
import { nameOf } from './stream-story.ts'

/** The outcome of comparing two events: the first conflict, if any. */
export type Comparison = {
  readonly fault: UsageFault | undefined
  /** differences that were accepted as equal */
  readonly notes: readonly string[]
  /** fields that both events have with equal values */
  readonly agreed: readonly string[]
}

/**
 * Compares fields of two events. A blank value conflicts with nothing. A missing time or system fact (`os_…`)
 * conflicts with nothing either; any other field that only one event has is a conflict.
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
 * Whether two times are the same moment when one may have lost its fraction: Nova's memory has microseconds,
 * its database none. MariaDB cuts the fraction off and MySQL rounds, so both are at most a second apart.
 */
export function isSameMoment(a: Micros, b: Micros): boolean {
  if (a === b) return true
  const isWhole = a % MICROS_PER_SECOND === 0 || b % MICROS_PER_SECOND === 0
  return isWhole && Math.abs(a - b) <= MICROS_PER_SECOND
}

function isSameTime(x: Trait, y: Trait): boolean {
  return x.type === 'datetime' && y.type === 'datetime' && isSameMoment(x.value, y.value)
}

/**
 * Whether two times differ in their whole seconds. Cutting off the fraction explains all smaller differences.
 */
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
