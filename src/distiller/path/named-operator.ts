import type { PathExpression } from './expression.ts'
import { PathError } from './path-error.ts'

const SPLIT = /^split\((.+?),\s*(-?\d+),\s*(-?\d+)\)$/
const SUB = /^sub\(\/(.*)\/,\s*(.*)\)$/

/** What stands between backquotes: `parent`, `this`, `len`, `sorted`, `split(…)` or `sub(…)`. */
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
  if (sub)
    return {
      kind: 'sub',
      pattern: parsePattern(sub[1] as string, path, offset),
      replacement: replacementOf(sub[2] as string),
    }
  throw new PathError(
    path,
    `unknown function \`${text}\``,
    offset,
    'this, parent, len, sorted, split(SEPARATOR, SEGMENT, MAX_SPLIT) or sub(/PATTERN/, REPLACEMENT)',
  )
}

function parsePattern(source: string, path: string, offset: number): RegExp {
  try {
    return new RegExp(source.replace(/\(\?P</g, '(?<'), 'gu')
  } catch (error) {
    throw new PathError(path, (error as Error).message, offset, 'a regular expression')
  }
}

/** Python's \1 and \g<name> as JavaScript's $1 and $<name>. */
function replacementOf(text: string): string {
  return text
    .replaceAll('$', '$$$$')
    .replace(/\\g<(\d+)>/g, '$$$1')
    .replace(/\\g<(\w+)>/g, '$$<$1>')
    .replace(/\\(\d)/g, '$$$1')
}
