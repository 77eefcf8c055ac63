import type { TextPattern } from '../domain/text-pattern.ts'
import { compileGlob } from './glob.ts'

/** How a value of a filter compares. */
export type ComparisonOperator = '>' | '>=' | '<' | '<='

/** A value of a filter without its operators, and what they ask for. */
export type FilterPattern = TextPattern & { readonly comparison?: ComparisonOperator }

/** The forms of a name in a filter, for descriptions. */
export const NAME_FORMS =
  '`*` stands for any characters, `?` for one; `!` selects all others; what follows `=` is taken as it is'

/**
 * Parses a value of a filter: `wide*` is a glob, `!active` a negation, `>512` a comparison. What follows an equals
 * sign is taken as it is: `=*` is an asterisk. An operator that nothing follows is a plain text.
 *
 * @example
 * parseFilterPattern('!wide*') // { isNegated: true, text: 'wide*', isGlob: true }
 */
export function parseFilterPattern(value: string): FilterPattern {
  const [, negation = '', operator = '', rest = ''] = /^\s*(!?)\s*(>=|<=|[><=]|)([\s\S]*)$/.exec(value) ?? []
  const isNegated = negation !== ''
  if (operator === '=') return { isNegated, text: rest, isGlob: false }
  const text = rest.trim()
  if (text === '') return { isNegated: false, text: value.trim(), isGlob: false }
  if (operator !== '') return { isNegated, comparison: operator as ComparisonOperator, text, isGlob: false }
  return { isNegated, text, isGlob: /[*?]/.test(text) }
}

/** Returns a text as a value of a filter that finds this text only. */
export function literalFilter(text: string): string {
  return /^\s*[!<>=]|[*?]|^\s|\s$/.test(text) ? `=${text}` : text
}

/**
 * Parses a name in a filter: a plain text stays one, a glob or a negation becomes a pattern.
 *
 * @example
 * parseNameFilter('compute.*') // { text: 'compute.*', isGlob: true, isNegated: false }
 */
export function parseNameFilter(value: string): string | TextPattern {
  const { comparison, text, isGlob, isNegated } = parseFilterPattern(value)
  if (comparison !== undefined) return value.trim()
  return isGlob || isNegated ? { text, isGlob, isNegated } : text
}

/** Compiles a pattern to a test of texts. */
export function compilePattern({ text, isGlob, isNegated }: TextPattern): (candidate: string) => boolean {
  const matches = compileGlob(text.replaceAll('[', '[[]'))
  return (candidate) => (isGlob ? matches(candidate) : candidate === text) !== isNegated
}
