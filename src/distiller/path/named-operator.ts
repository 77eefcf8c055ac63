import type { PathExpression } from './expression.ts'
import { PathError } from './path-error.ts'
import { Substitution } from './substitution.ts'

const SPLIT = /^split\((.+?),\s*(-?\d+),\s*(-?\d+)\)$/
const SUB = /^sub\(\/(.*)\/,\s*(.*)\)$/

/**
 * Parses the text between backquotes: `parent`, `this`, `len`, `sorted`, `split(…)` or `sub(…)`. Throws
 * PathError.
 */
export function parseOperator(text: string, path: string, offset: number): PathExpression {
  if (text === 'this' || text === 'parent' || text === 'len' || text === 'sorted') return { kind: text }
  const split = SPLIT.exec(text)
  if (split) {
    const [, separator, segment, maxSplit] = split
    return {
      kind: 'split',
      separator: separator as string,
      segment: Number(segment),
      maxSplit: Number(maxSplit),
    }
  }
  const sub = SUB.exec(text)
  if (sub) {
    const substitution = parseSubstitution(sub[1] as string, sub[2] as string, path, offset)
    return { kind: 'sub', substitution }
  }
  throw new PathError(
    path,
    `unknown function \`${text}\``,
    offset,
    'this, parent, len, sorted, split(SEPARATOR, SEGMENT, MAX_SPLIT) or sub(/PATTERN/, REPLACEMENT)',
  )
}

function parseSubstitution(pattern: string, replacement: string, path: string, offset: number): Substitution {
  try {
    return new Substitution(pattern, replacement)
  } catch (error) {
    throw new PathError(path, (error as Error).message, offset, 'a regular expression (RE2) and its groups')
  }
}
