/** A unit of a duration, by its full name. */
export type Unit = 'microsecond' | 'second' | 'minute' | 'hour' | 'day' | 'month' | 'year'

/** All units, from the smallest to the largest. */
export const UNITS = ['microsecond', 'second', 'minute', 'hour', 'day', 'month', 'year'] as const

/** The spellings of units in expressions. */
export const UNIT_WORDS: { readonly [word: string]: Unit } = {
  us: 'microsecond',
  s: 'second',
  sec: 'second',
  m: 'minute',
  min: 'minute',
  h: 'hour',
  hr: 'hour',
  d: 'day',
  mo: 'month',
  y: 'year',
  yr: 'year',
}

/** Functions that make a range: the hour, day, month or year that contains the argument. */
export const RANGE_FUNCTIONS = ['hour', 'day', 'month', 'year'] as const
export type RangeFunction = (typeof RANGE_FUNCTIONS)[number]

/**
 * One part of a duration, such as `5d`. Without a unit, the length of the range that it is applied to decides
 * it.
 */
export type DurationPart = { readonly amount: number; readonly unit: Unit | undefined }

/** `+` and `-` move a time by a duration; `@` replaces the parts of the time that the duration names. */
export type Operator = '+' | '-' | '@'

/** A parsed time expression. `offset` (from 0) is where each part begins in the text. */
export type Expression =
  | { readonly kind: 'variable'; readonly name: string; readonly offset: number }
  | {
      readonly kind: 'function'
      readonly name: string
      readonly argument: Expression | undefined
      readonly offset: number
    }
  | {
      readonly kind: 'shift'
      readonly operator: Operator
      readonly base: Expression
      readonly duration: readonly DurationPart[]
      readonly offset: number
    }
  | { readonly kind: 'range'; readonly begin: Expression; readonly end: Expression; readonly offset: number }

/** Whether an expression evaluates to a range; otherwise to a single time. */
export function isRange(expression: Expression): boolean {
  if (expression.kind === 'shift') return isRange(expression.base)
  return expression.kind !== 'variable'
}

/** Whether the last shift of an expression has a number without unit. No further shift may follow it. */
export function isUnitless(expression: Expression): boolean {
  return expression.kind === 'shift' && expression.duration.some((part) => part.unit === undefined)
}
