import { PathError } from './path-error.ts'

/** A token of a field path; `offset` counts from 0. */
export type Token = {
  readonly kind: 'name' | 'quoted' | 'number' | 'operator' | 'where' | 'symbol' | 'end'
  readonly text: string
  readonly offset: number
}

const BLANK = /[ \t\r\n]*/y
const NAME = /[A-Za-z_@][\w@-]*/y
const NUMBER = /-?\d+/y
const SYMBOL = /\.\.|==|!=|<=|>=|[$.*[\](),:|&?<>=]/y

/**
 * Splits a field path into tokens, the last of kind `end`. Text between backquotes is an `operator`. Throws
 * PathError.
 */
export function tokenize(path: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  for (;;) {
    at = skip(BLANK, path, at)
    if (at === path.length) {
      tokens.push({ kind: 'end', text: '', offset: at })
      return tokens
    }
    const token = readToken(path, at)
    tokens.push({ kind: token.kind, text: token.text, offset: at })
    at = token.end
  }
}

type Read = Pick<Token, 'kind' | 'text'> & { readonly end: number }

function readToken(path: string, at: number): Read {
  const quote = path[at]
  if (quote === "'" || quote === '"' || quote === '`') return readQuoted(path, at, quote)
  for (const [kind, pattern] of [
    ['name', NAME],
    ['number', NUMBER],
    ['symbol', SYMBOL],
  ] as const) {
    const end = skip(pattern, path, at)
    if (end === at) continue
    const text = path.slice(at, end)
    return { kind: text === 'where' ? 'where' : kind, text, end }
  }
  const character = String.fromCodePoint(path.codePointAt(at) as number)
  throw new PathError(
    path,
    `unexpected character ${JSON.stringify(character)}`,
    at,
    'a name, a number or one of $ . .. * [ ] ( ) | ,',
  )
}

/** Returns the index after a match of the sticky pattern at `at`; `at` when it does not match. */
function skip(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : at
}

/** Reads a quoted name. A backslash escapes the next character; between backquotes only a backquote. */
function readQuoted(path: string, at: number, quote: string): Read {
  let text = ''
  for (let end = at + 1; end < path.length; end++) {
    const character = path[end] as string
    if (character === quote) return { kind: quote === '`' ? 'operator' : 'quoted', text, end: end + 1 }
    const next = path[end + 1]
    if (character === '\\' && next !== undefined && (next === quote || quote !== '`')) {
      text += next
      end++
    } else text += character
  }
  throw new PathError(path, 'the quote is not closed', at, quote)
}
