import type { Substitution } from './substitution.ts'

/** Comparison operators of a filter. */
export const FILTER_OPERATORS = ['==', '=', '!=', '<=', '>=', '<', '>'] as const
export type FilterOperator = (typeof FILTER_OPERATORS)[number]

/**
 * One condition of a filter: the path must find something or, with an operator, a value that compares to the
 * given one.
 */
export type Condition = {
  readonly target: PathExpression
  readonly operator: FilterOperator | undefined
  readonly value: string | number | boolean | undefined
}

/** A parsed field path, in the dialect of jsonpath-rw with the filters and functions of jsonpath-rw-ext. */
export type PathExpression =
  | { readonly kind: 'root' }
  | { readonly kind: 'this' }
  | { readonly kind: 'parent' }
  | { readonly kind: 'fields'; readonly names: readonly string[] }
  | { readonly kind: 'anyField' }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'slice'; readonly start: number | undefined; readonly end: number | undefined }
  | { readonly kind: 'filter'; readonly conditions: readonly Condition[] }
  | { readonly kind: 'len' }
  | { readonly kind: 'sorted' }
  | {
      readonly kind: 'split'
      readonly separator: string
      readonly segment: number
      readonly maxSplit: number
    }
  | { readonly kind: 'sub'; readonly substitution: Substitution }
  /** the first choice that finds a value; has no syntax of its own */
  | { readonly kind: 'firstOf'; readonly choices: readonly PathExpression[] }
  | {
      readonly kind: 'child' | 'descendants' | 'where' | 'union' | 'intersection'
      readonly left: PathExpression
      readonly right: PathExpression
    }
