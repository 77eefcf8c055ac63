/** A unit of a duration, under its one name. */
export type Unit = 'microsecond' | 'second' | 'minute' | 'hour' | 'day' | 'month' | 'year'

/** From the smallest to the largest. */
export const UNITS = ['microsecond', 'second', 'minute', 'hour', 'day', 'month', 'year'] as const

/** How units are written in expressions. */
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

/** The ranges that a function makes: the hour, day, month or year that holds its argument. */
export const RANGE_FUNCTIONS = ['hour', 'day', 'month', 'year'] as const
export type RangeFunction = (typeof RANGE_FUNCTIONS)[number]

/** One `5d` of a duration; without a unit it takes that of the range it is applied to. */
export type DurationPart = { readonly amount: number; readonly unit: Unit | undefined }

export type Operator = '+' | '-' | '@'

/** A parsed time expression; `offset` is where it begins in the text. */
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

/** Whether the value of an expression is a range (else a single time). */
export function isRange(expression: Expression): boolean {
  if (expression.kind === 'shift') return isRange(expression.base)
  return expression.kind !== 'variable'
}

/** Whether some duration in it has no unit: such a shift is the last thing done in an expression. */
export function isUnitless(expression: Expression): boolean {
  return expression.kind === 'shift' && expression.duration.some((part) => part.unit === undefined)
}
