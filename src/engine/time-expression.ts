import type { Micros } from '../domain/time.ts'
import { instantFromMicros, microsFromInstant } from '../domain/time.ts'
import { evaluateTimex, timexHolds } from '../timex/evaluate.ts'
import { parseTimex } from '../timex/parser.ts'

/** Times by name, in microseconds since the epoch; functions without an argument use `timestamp`. */
export type Times = { readonly [name: string]: Micros }

/** A range of time: `begin` belongs to it, `end` does not. A single time has an `end` that equals its `begin`. */
export type TimeRange = { readonly begin: Micros; readonly end: Micros }

export type TimeExpression = {
  /** Returns the time or the range. Throws TimexError for an unknown name or a date that does not exist. */
  evaluate(times: Times): TimeRange
  /** Whether a time is in the range, or equals the single time. */
  holds(time: Micros, times: Times): boolean
}

/**
 * Compiles a time expression. Throws TimexError, with offset and expectation, where it is not one.
 *
 * @example
 * const day = compileTimeExpression('day($timestamp) + 6h')
 * const { begin, end } = day.evaluate({ timestamp: Date.now() * 1000 })
 */
export function compileTimeExpression(text: string): TimeExpression {
  const expression = parseTimex(text)
  return {
    evaluate(times) {
      const value = evaluateTimex(expression, times)
      const [begin, end] = value.kind === 'range' ? [value.begin, value.end] : [value.at, value.at]
      return { begin: microsFromInstant(begin), end: microsFromInstant(end) }
    },
    holds: (time, times) => timexHolds(evaluateTimex(expression, times), instantFromMicros(time)),
  }
}
