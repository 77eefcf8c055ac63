import { type Condition, FILTER_OPERATORS, type FilterOperator, type PathExpression } from './expression.ts'
import { type Token, tokenize } from './lexer.ts'
import { parseOperator } from './named-operator.ts'
import { PathError } from './path-error.ts'

/**
 * Operators by precedence, the loosest first; all are left-associative. Brackets bind looser than any of
 * them: `a|b[0]` is the first of both. Source: jsonpath-rw's grammar.
 */
const OPERATORS = [
  ['..', 'descendants'],
  ['.', 'child'],
  ['|', 'union'],
  ['&', 'intersection'],
  ['where', 'where'],
] as const

/** Limits of a path, so that no text can exhaust the stack. */
const MAX_DEPTH = 100
const MAX_STEPS = 1000

/** Parses a field path. Throws PathError. */
export function parsePath(path: string): PathExpression {
  return new Parser(path).parse()
}

class Parser {
  readonly #path: string
  readonly #tokens: readonly Token[]
  #at = 0
  #depth = 0
  #stepCount = 0
  /** whether the parser is inside a filter, where `&` joins conditions */
  #inFilter = false

  constructor(path: string) {
    this.#path = path
    this.#tokens = tokenize(path)
  }

  parse(): PathExpression {
    const expression = this.#operation(0)
    if (this.#peek().kind !== 'end') throw this.#unexpected('. .. | [ or the end')
    return expression
  }

  #operation(loosest: number): PathExpression {
    let left = this.#primary()
    for (;;) {
      if (loosest === 0 && this.#isNext('[')) {
        this.#countStep()
        left = { kind: 'child', left, right: this.#brackets() }
        continue
      }
      const level = this.#operatorLevel()
      if (level < loosest) return left
      this.#countStep()
      this.#at++
      const kind = (OPERATORS[level] as (typeof OPERATORS)[number])[1]
      left = { kind, left, right: this.#operation(level + 1) }
    }
  }

  /** Returns the index of the next token among the operators; -1 when it is none. */
  #operatorLevel(): number {
    const { kind, text } = this.#peek()
    if (kind !== 'symbol' && kind !== 'where') return -1
    if (text === '&' && this.#inFilter) return -1
    return OPERATORS.findIndex(([symbol]) => symbol === text)
  }

  #countStep(): void {
    if (++this.#stepCount > MAX_STEPS) throw this.#unexpected(`at most ${MAX_STEPS} steps`)
  }

  #primary(): PathExpression {
    const token = this.#peek()
    if (token.kind === 'name' || token.kind === 'quoted') return this.#fields()
    if (token.kind === 'operator') {
      this.#at++
      return parseOperator(token.text, this.#path, token.offset)
    }
    switch (token.text) {
      case '$':
        this.#at++
        return { kind: 'root' }
      case '*':
        this.#at++
        return { kind: 'anyField' }
      case '[':
        return this.#brackets()
      case '(':
        return this.#parentheses()
      default:
        throw this.#unexpected('a name, a quoted name, $, *, [ or (')
    }
  }

  #parentheses(): PathExpression {
    if (++this.#depth > MAX_DEPTH) throw this.#unexpected(`at most ${MAX_DEPTH} nested parentheses`)
    this.#take('(')
    const expression = this.#operation(0)
    this.#take(')')
    this.#depth--
    return expression
  }

  #fields(): PathExpression {
    const first = this.#name()
    if (first.text === '*') return { kind: 'anyField' }
    // In a filter `@` is the element under test.
    if (first.text === '@' && first.kind === 'name' && this.#inFilter) return { kind: 'this' }
    const names = [first.text]
    while (this.#isNext(',')) {
      this.#at++
      names.push(this.#name().text)
    }
    return { kind: 'fields', names }
  }

  #name(): Token {
    const token = this.#peek()
    if (token.kind !== 'name' && token.kind !== 'quoted') throw this.#unexpected('a name')
    this.#at++
    return token
  }

  #brackets(): PathExpression {
    this.#take('[')
    const inner = this.#inBrackets()
    this.#take(']')
    return inner
  }

  #inBrackets(): PathExpression {
    const { kind, text } = this.#peek()
    if (kind === 'name' || kind === 'quoted') return this.#fields()
    if (text === '?') return this.#filter()
    if (text === '*') {
      this.#at++
      return { kind: 'slice', start: undefined, end: undefined }
    }
    const start = this.#optionalNumber()
    if (this.#isNext(':')) {
      this.#at++
      return { kind: 'slice', start, end: this.#optionalNumber() }
    }
    if (start === undefined) throw this.#unexpected('an index, a slice, a name or a filter')
    return { kind: 'index', index: start }
  }

  #optionalNumber(): number | undefined {
    const token = this.#peek()
    if (token.kind !== 'number') return undefined
    this.#at++
    return Number(token.text)
  }

  #filter(): PathExpression {
    this.#take('?')
    const parenthesized = this.#isNext('(')
    if (parenthesized) this.#at++
    const outer = this.#inFilter
    this.#inFilter = true
    const conditions = [this.#condition()]
    while (this.#isNext('&')) {
      this.#at++
      conditions.push(this.#condition())
    }
    this.#inFilter = outer
    if (parenthesized) this.#take(')')
    return { kind: 'filter', conditions }
  }

  #condition(): Condition {
    if (++this.#depth > MAX_DEPTH) throw this.#unexpected(`at most ${MAX_DEPTH} nested filters`)
    const target = this.#operation(0)
    const operator = FILTER_OPERATORS.find((symbol) => this.#isNext(symbol))
    this.#depth--
    if (!operator) return { target, operator: undefined, value: undefined }
    this.#at++
    return { target, operator: operator satisfies FilterOperator, value: this.#value() }
  }

  #value(): string | number | boolean {
    const token = this.#peek()
    if (token.kind !== 'name' && token.kind !== 'quoted' && token.kind !== 'number') {
      throw this.#unexpected('a number, a word or a quoted text')
    }
    this.#at++
    if (token.kind === 'number') return Number(token.text)
    if (token.kind === 'name' && /^(true|false)$/i.test(token.text))
      return token.text.toLowerCase() === 'true'
    return token.text
  }

  #isNext(symbol: string): boolean {
    const { kind, text } = this.#peek()
    return kind === 'symbol' && text === symbol
  }

  #take(symbol: string): void {
    if (!this.#isNext(symbol)) throw this.#unexpected(symbol)
    this.#at++
  }

  #peek(): Token {
    return this.#tokens[this.#at] as Token
  }

  #unexpected(expected: string): PathError {
    const { kind, text, offset } = this.#peek()
    const found = kind === 'end' ? 'the path ends' : `unexpected ${JSON.stringify(text)}`
    return new PathError(this.#path, found, offset, expected)
  }
}
