import type { Relation } from './parser.ts'
import { holds, orderOf } from './relations.ts'

/** A decimal number: as a double, and exactly as the whole number below it and whether more follows. */
export type NumberLiteral = {
  readonly double: number
  readonly floor: bigint
  readonly hasFraction: boolean
}

/**
 * Reads a decimal number as a matcher writes it, such as `12`, `.5` or `1e18`. It is finite as a double, which bounds
 * its exponent from above.
 */
export function parseNumberLiteral(text: string): NumberLiteral {
  const [mantissa = '', exponent = '0'] = text.split('e')
  const [whole = '', fraction = ''] = mantissa.split('.')
  const digits = whole + fraction
  const double = Number(text)
  if (/^0*$/.test(digits)) return { double, floor: 0n, hasFraction: false }
  // How many of the digits stand before the point.
  const before = whole.length + Number(exponent)
  if (before <= 0) return { double, floor: 0n, hasFraction: true }
  const floor = BigInt(digits.slice(0, before).padEnd(before, '0'))
  return { double, floor, hasFraction: /[1-9]/.test(digits.slice(before)) }
}

/** Compiles an exact comparison of whole numbers with a literal. */
export function compileWholeTest(
  operator: Relation,
  literal: NumberLiteral,
): (value: number | bigint) => boolean {
  // Numbers that a double holds compare exactly, unless rounding has made the literal whole.
  const isExact = literal.hasFraction !== Number.isInteger(literal.double)
  return (value) => {
    if (typeof value === 'number' && isExact) return holds(operator, orderOf(value, literal.double))
    return holds(operator, compareWhole(BigInt(value), literal))
  }
}

/** Compares a whole number with a literal exactly: below 0 where it is less, 0 where it is equal. */
function compareWhole(value: bigint, { floor, hasFraction }: NumberLiteral): number {
  if (value !== floor) return value < floor ? -1 : 1
  return hasFraction ? -1 : 0
}
