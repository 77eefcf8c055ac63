import { compileFieldTest } from './field-test.ts'
import type { Matcher } from './matcher.ts'
import { type Expression, parseMatcher, type Test } from './parser.ts'
import { compileNumberTest, compileTextTest } from './variable-test.ts'

/**
 * Compiles an expression of Heka's matcher. Throws MatcherError with place and reason where it is none.
 *
 * @example
 * const matches = compileMatcher("Severity < 4 && Fields[path] =~ /^\\/api/")
 * scanMessage(bytes, 0, bytes.length, view)
 * matches(view)
 */
export function compileMatcher(expression: string): Matcher {
  return compiled(parseMatcher(expression))
}

function compiled(expression: Expression): Matcher {
  if (expression.kind === 'constant') return () => expression.value
  if ('parts' in expression)
    return (expression.kind === 'and' ? allOf : anyOf)(expression.parts.map(compiled))
  return compileTest(expression)
}

function allOf(parts: readonly Matcher[]): Matcher {
  return (view) => {
    for (const matches of parts) if (!matches(view)) return false
    return true
  }
}

function anyOf(parts: readonly Matcher[]): Matcher {
  return (view) => {
    for (const matches of parts) if (matches(view)) return true
    return false
  }
}

function compileTest(test: Test): Matcher {
  if (test.kind === 'text' || test.kind === 'regex') return compileTextTest(test)
  if (test.kind === 'number') return compileNumberTest(test)
  return compileFieldTest(test)
}
