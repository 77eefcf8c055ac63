import {
  addMicros,
  civilFromInstant,
  compareInstants,
  type Instant,
  instantFromCivil,
  instantFromMicros,
  MICROS_PER_DAY,
  MICROS_PER_HOUR,
  MICROS_PER_MINUTE,
  MICROS_PER_SECOND,
  type Micros,
  microsFromInstant,
} from '../domain/time.ts'
import { type Duration, NoSuchTime, requireWritable, shiftTime, sumDuration } from './duration.ts'
import {
  type DurationPart,
  type Expression,
  type Operator,
  RANGE_FUNCTIONS,
  type RangeFunction,
  UNITS,
  type Unit,
} from './expression.ts'
import { TimexError } from './timex-error.ts'

/** The value of an expression: a single time, or a range with an inclusive begin and an exclusive end. */
export type TimexValue =
  | { readonly kind: 'timestamp'; readonly at: Instant }
  | { readonly kind: 'range'; readonly begin: Instant; readonly end: Instant }

/** Values of the variables. `timestamp` should always be among them: functions without an argument use it. */
export type Variables = { readonly [name: string]: Micros | Instant }

/**
 * The time around which a function made its range. Shifts by less than the function's unit keep the time
 * within the range.
 */
type Pin = { readonly unit: RangeFunction; readonly at: Instant }
type Value = TimexValue & { readonly pin?: Pin }

/**
 * Evaluates an expression. Throws TimexError of kind `expression` (unknown name) or `value` (no such date).
 *
 * @example
 * const expression = parseTimex('day($timestamp) + 6h')
 * evaluateTimex(expression, { timestamp: event.timestamp }) // { kind: 'range', begin, end }
 */
export function evaluateTimex(expression: Expression, variables: Variables): TimexValue {
  const value = evaluate(expression, variables)
  return value.kind === 'timestamp' ? value : { kind: 'range', begin: value.begin, end: value.end }
}

/** Returns the first moment of a value: the time itself, or the begin of the range. */
export function firstMoment(value: TimexValue): Instant {
  return value.kind === 'timestamp' ? value.at : value.begin
}

/** Whether a value contains a time: in [begin, end) of a range, or equal to a single time. */
export function timexHolds(value: TimexValue, time: Instant): boolean {
  if (value.kind === 'timestamp') return compareInstants(value.at, time) === 0
  return compareInstants(time, value.begin) >= 0 && compareInstants(time, value.end) < 0
}

function evaluate(expression: Expression, variables: Variables): Value {
  switch (expression.kind) {
    case 'variable':
      return { kind: 'timestamp', at: lookUp(expression, variables) }
    case 'function':
      return pinnedRange(expression, variables)
    case 'range':
      return {
        kind: 'range',
        begin: firstMoment(evaluate(expression.begin, variables)),
        end: firstMoment(evaluate(expression.end, variables)),
      }
    case 'shift': {
      const base = evaluate(expression.base, variables)
      return orValueError(expression, () => shift(base, expression.operator, expression.duration))
    }
  }
}

function lookUp(expression: Expression & { kind: 'variable' }, variables: Variables): Instant {
  if (Object.hasOwn(variables, expression.name)) {
    const value = variables[expression.name] as Micros | Instant
    return typeof value === 'number' ? instantFromMicros(value) : value
  }
  const known = Object.keys(variables).map((name) => `$${name}`)
  throw new TimexError(
    'expression',
    `unknown variable $${expression.name}`,
    expression.offset,
    known.length > 0 ? `one of ${known.join(', ')}` : 'no variables here',
  )
}

function orValueError<T>(expression: Expression, compute: () => T): T {
  try {
    return compute()
  } catch (error) {
    if (!(error instanceof NoSuchTime)) throw error
    throw new TimexError('value', error.message, expression.offset, 'a date that exists')
  }
}

function pinnedRange(expression: Expression & { kind: 'function' }, variables: Variables): Value {
  const argument = expression.argument ?? { kind: 'variable', name: 'timestamp', offset: expression.offset }
  const at = firstMoment(evaluate(argument, variables))
  const unit = RANGE_FUNCTIONS.find((name) => name === expression.name)
  if (!unit) {
    throw new TimexError(
      'expression',
      `unknown function ${expression.name}`,
      expression.offset,
      `one of ${RANGE_FUNCTIONS.join(', ')}`,
    )
  }
  const begin = beginOf(unit, at)
  const end = orValueError(expression, () => shiftTime(begin, '+', { [unit]: 1 }))
  return { kind: 'range', begin, end, pin: { unit, at } }
}

function beginOf(unit: RangeFunction, at: Instant): Instant {
  const civil = { ...civilFromInstant(at), minute: 0, second: 0, micro: 0 }
  if (unit === 'hour') return instantFromCivil(civil)
  if (unit === 'day') return instantFromCivil({ ...civil, hour: 0 })
  if (unit === 'month') return instantFromCivil({ ...civil, hour: 0, day: 1 })
  return instantFromCivil({ ...civil, hour: 0, day: 1, month: 1 })
}

function shift(base: Value, operator: Operator, parts: readonly DurationPart[]): Value {
  if (base.kind === 'timestamp') {
    return { kind: 'timestamp', at: shiftTime(base.at, operator, sumDuration(parts, 'microsecond')) }
  }
  const duration = sumDuration(parts, impliedUnit(Math.abs(lengthOf(base.begin, base.end))))
  const begin = shiftTime(base.begin, operator, duration)
  const end = shiftTime(base.end, operator, duration)
  const { pin } = base
  if (!pin || !isBelow(duration, pin.unit)) return { kind: 'range', begin, end }
  return wrap(begin, end, pin)
}

/** Returns the unit of a number without one, applied to a range of this length: the next smaller unit. */
function impliedUnit(length: Micros): Unit {
  if (length >= 365 * MICROS_PER_DAY) return 'month'
  if (length >= 28 * MICROS_PER_DAY) return 'day'
  if (length >= MICROS_PER_DAY) return 'hour'
  if (length >= MICROS_PER_HOUR) return 'minute'
  if (length >= MICROS_PER_MINUTE) return 'second'
  return 'microsecond'
}

function isBelow(duration: Duration, unit: Unit): boolean {
  return UNITS.slice(UNITS.indexOf(unit)).every((larger) => !duration[larger])
}

/** Returns the microseconds from begin to end, rounded where a double cannot hold them all. */
function lengthOf(begin: Instant, end: Instant): Micros {
  return microsFromInstant({ day: end.day - begin.day, micro: end.micro - begin.micro })
}

/** Moves a pinned range by multiples of its length, in whole seconds, until it contains its time again. */
function wrap(begin: Instant, end: Instant, pin: Pin): Value {
  const length = Math.floor(lengthOf(begin, end) / MICROS_PER_SECOND) * MICROS_PER_SECOND
  const distance = lengthOf(begin, pin.at)
  const outside = distance < 0 || compareInstants(pin.at, end) >= 0
  const moved = outside ? Math.floor(distance / length) * length : 0
  return {
    kind: 'range',
    begin: requireWritable(addMicros(begin, moved)),
    end: requireWritable(addMicros(end, moved)),
    pin,
  }
}
