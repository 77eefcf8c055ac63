import type { Relation } from './parser.ts'

/** Whether an order holds that a comparison has found: below 0 less, 0 equal, above 0 more. */
export function holds(operator: Relation, order: number): boolean {
  if (operator === '==') return order === 0
  if (operator === '!=') return order !== 0
  if (operator === '>') return order > 0
  if (operator === '>=') return order >= 0
  if (operator === '<') return order < 0
  return order <= 0
}

/** Compares numbers; NaN, where one is none, so that only `!=` holds. */
export function orderOf(one: number, other: number): number {
  if (one < other) return -1
  if (one > other) return 1
  return one === other ? 0 : Number.NaN
}
