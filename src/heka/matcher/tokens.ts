import { didYouMean } from '../../text/suggest.ts'
import { MatcherError } from './matcher-error.ts'

/** A comparison: of texts and numbers, or with a regular expression. */
export type Operator = '==' | '!=' | '>' | '>=' | '<' | '<=' | '=~' | '!~'

/** A word, number, text, sign or the end of an expression. `at` is its offset, `end` the offset behind it. */
export type Token = { readonly at: number; readonly end: number } & (
  | { readonly kind: 'text-variable' | 'number-variable' | 'constant'; readonly name: string }
  /** which of the fields of a name, and which of its values, from 0 */
  | { readonly kind: 'field'; readonly name: string; readonly index: bigint; readonly valueIndex: bigint }
  | { readonly kind: 'text' | 'regex' | 'number'; readonly value: string }
  | { readonly kind: 'operator'; readonly operator: Operator }
  | { readonly kind: 'and' | 'or' | 'open' | 'close' | 'end' }
)

const TEXT_VARIABLES = ['Uuid', 'Type', 'Logger', 'Payload', 'EnvVersion', 'Hostname']
const NUMBER_VARIABLES = ['Timestamp', 'Severity', 'Pid']
const CONSTANTS = ['TRUE', 'FALSE', 'NIL']
const WORDS = [...TEXT_VARIABLES, ...NUMBER_VARIABLES, ...CONSTANTS, 'Fields']

const NUMBER = /^(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/
const MOST_INDEX = 2n ** 63n - 1n
const SIGNS = /==|!=|>=|<=|=~|!~|>|<|&&|\|\||[()]/y
/** What other languages write in place of a sign, and what it is here. */
const MISTAKEN: { readonly [sign: string]: string } = {
  '~=': '=~',
  '=<': '<=',
  '=>': '>=',
  '=': '==',
  '&': '&&',
  '|': '||',
  '<>': '!=',
}
const WHAT = 'a variable, a value or a sign'

/** Splits an expression into its tokens; the last one is its end. Throws MatcherError at what is none. */
export function tokensOf(expression: string): readonly Token[] {
  const tokens: Token[] = []
  for (let at = 0; ; at = (tokens.at(-1) as Token).end) {
    while (/[ \t\r\n]/.test(expression[at] ?? '')) at++
    if (at >= expression.length) return [...tokens, { kind: 'end', at, end: at }]
    tokens.push(tokenAt(expression, at))
  }
}

function tokenAt(expression: string, at: number): Token {
  const first = expression[at] as string
  if (/[A-Za-z]/.test(first)) return wordAt(expression, at)
  if (/[\d.]/.test(first)) return numberAt(expression, at)
  if (first === '"' || first === "'") return quotedAt(expression, at, first, 'text')
  if (first === '/') return quotedAt(expression, at, '/', 'regex')
  return signAt(expression, at)
}

function signAt(expression: string, at: number): Token {
  const mistaken = [2, 1].map((length) => expression.slice(at, at + length)).find((sign) => MISTAKEN[sign])
  SIGNS.lastIndex = at
  const sign = SIGNS.exec(expression)?.[0]
  if (sign === undefined || mistaken === '=<' || mistaken === '=>' || mistaken === '<>') {
    if (mistaken !== undefined)
      throw new MatcherError(`found ${quoted(mistaken)}`, at, WHAT, `; did you mean ${MISTAKEN[mistaken]}?`)
    const hint = expression[at] === '!' ? '; there is no "not": use != or !~' : ''
    throw new MatcherError(`found ${quoted(characterAt(expression, at))}`, at, WHAT, hint)
  }
  const end = at + sign.length
  if (sign === '(' || sign === ')') return { kind: sign === '(' ? 'open' : 'close', at, end }
  if (sign === '&&' || sign === '||') return { kind: sign === '&&' ? 'and' : 'or', at, end }
  return { kind: 'operator', operator: sign as Operator, at, end }
}

function wordAt(expression: string, at: number): Token {
  const name = matchAt(/[A-Za-z]+/y, expression, at)
  const end = at + name.length
  if (name === 'Fields') return fieldAt(expression, at, end)
  if (TEXT_VARIABLES.includes(name)) return { kind: 'text-variable', name, at, end }
  if (NUMBER_VARIABLES.includes(name)) return { kind: 'number-variable', name, at, end }
  if (CONSTANTS.includes(name)) return { kind: 'constant', name, at, end }
  const signs: { readonly [word: string]: string } = { and: '&&', or: '||', not: '!= or !~', in: '==' }
  const sign = signs[name.toLowerCase()]
  const hint = sign === undefined ? didYouMean(name, WORDS) : `; did you mean ${sign}?`
  throw new MatcherError(`unknown word ${quoted(name)}`, at, `one of ${WORDS.join(', ')}`, hint)
}

function fieldAt(expression: string, at: number, bracket: number): Token {
  if (expression[bracket] !== '[') {
    const hint = /^\s*\[/.test(expression.slice(bracket)) ? '; no blank may stand before it' : ''
    throw new MatcherError('Fields without a name', bracket, 'the name of a field in brackets', hint)
  }
  const name = matchAt(/[^\]\n\0]*/y, expression, bracket + 1)
  let end = closed(expression, bracket, bracket + 1 + name.length)
  if (name === '') throw new MatcherError('Fields without a name', bracket + 1, 'the name of a field')
  const indexes: bigint[] = []
  while (expression[end] === '[') {
    if (indexes.length === 2)
      throw new MatcherError('found a fourth bracket', end, 'no more than a name and two indexes')
    const digits = matchAt(/\d*/y, expression, end + 1)
    if (digits === '' || BigInt(digits) > MOST_INDEX)
      throw new MatcherError('found an index that is none', end + 1, 'a whole number from 0 to 2^63-1')
    end = closed(expression, end, end + 1 + digits.length)
    indexes.push(BigInt(digits))
  }
  const [index = 0n, valueIndex = 0n] = indexes
  return { kind: 'field', name, index, valueIndex, at, end }
}

/** Returns the offset behind the bracket that closes one. */
function closed(expression: string, open: number, at: number): number {
  if (expression[at] === ']') return at + 1
  throw new MatcherError('found an open bracket', open, 'one that is closed by ] on the same line')
}

function numberAt(expression: string, at: number): Token {
  const value = matchAt(/[\d.e+-]+/y, expression, at)
  if (!NUMBER.test(value) || !Number.isFinite(Number(value)))
    throw new MatcherError(`${quoted(value)} is no number`, at, 'one such as 7, 0.5 or 1e6')
  return { kind: 'number', value, at, end: at + value.length }
}

/** Reads a text in quotes or a regular expression: a backslash before the closing sign gives that sign. */
function quotedAt(expression: string, at: number, quote: string, kind: 'text' | 'regex'): Token {
  let value = ''
  for (let next = at + 1; next < expression.length; next++) {
    const character = expression[next] as string
    if (character === '\n' || character === '\0') break
    if (character === quote) return { kind, value, at, end: next + 1 }
    if (character !== '\\') value += character
    else {
      const escaped = expression[++next] ?? '\n'
      if (escaped === '\n' || escaped === '\0') break
      value += escaped === quote ? quote : `\\${escaped}`
    }
  }
  const what = kind === 'text' ? 'a text' : 'a regular expression'
  throw new MatcherError(`found ${what} without an end`, at, `${quote} at its end, on the same line`)
}

function matchAt(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0] ?? ''
}

function characterAt(text: string, at: number): string {
  return String.fromCodePoint(text.codePointAt(at) as number)
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text)
}
