import {
  type DurationPart,
  type Expression,
  isRange,
  isUnitless,
  type Operator,
  UNIT_WORDS,
} from './expression.ts'
import { type Token, tokenize } from './lexer.ts'
import { TimexError } from './timex-error.ts'

/** Limits of an expression, so that no text can exhaust the stack. */
const MAX_DEPTH = 200
const MAX_SHIFTS = 500

/**
 * Parses a time expression. `+ - @` apply from left to right; `to` binds loosest. `to` and functions take
 * single times. A number without unit is allowed only as the last step on a range. Throws TimexError of kind
 * `lexer` or `parser`.
 *
 * @example
 * parseTimex('$last + 1d') // { kind: 'shift', operator: '+', base: …, duration: …, offset: 0 }
 */
export function parseTimex(text: string): Expression {
  return new Parser(tokenize(text)).parse()
}

class Parser {
  readonly #tokens: readonly Token[]
  #at = 0
  #depth = 0
  #shiftCount = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  parse(): Expression {
    const expression = this.#range()
    const rest = this.#peek()
    if (rest.kind !== 'end') throw this.#unexpected(rest, '+, -, @, to or the end')
    return expression
  }

  #range(): Expression {
    const begin = this.#shifts()
    const token = this.#peek()
    if (token.kind !== 'word' || token.text !== 'to') return begin
    this.#requireTime(begin, token.offset)
    this.#at++
    const end = this.#shifts()
    this.#requireTime(end, end.offset)
    return { kind: 'range', begin, end, offset: begin.offset }
  }

  #shifts(): Expression {
    let base = this.#primary()
    for (let token = this.#peek(); token.kind === 'operator'; token = this.#peek()) {
      if (isUnitless(base)) throw this.#unexpected(token, 'the end after a number without unit')
      if (++this.#shiftCount > MAX_SHIFTS)
        throw this.#unexpected(token, `at most ${MAX_SHIFTS} of +, - and @`)
      this.#at++
      const duration = this.#duration(isRange(base))
      base = { kind: 'shift', operator: token.text as Operator, base, duration, offset: base.offset }
    }
    return base
  }

  #duration(unitlessAllowed: boolean): DurationPart[] {
    const parts: DurationPart[] = []
    for (let token = this.#peek(); token.kind === 'number'; token = this.#peek()) {
      this.#at++
      const next = this.#peek()
      const unit = next.kind === 'word' ? unitOf(next.text) : undefined
      if (unit) this.#at++
      else if (!unitlessAllowed) throw this.#unexpected(next, 'a unit (us, s, m, h, d, mo, y)')
      else if (parts.some((part) => part.unit === undefined)) {
        throw this.#unexpected(next, 'a unit: only one number may have none')
      }
      parts.push({ amount: Number(token.text), unit })
    }
    if (parts.length === 0) throw this.#unexpected(this.#peek(), 'a duration such as 1d or 6h')
    return parts
  }

  #primary(): Expression {
    const token = this.#next()
    switch (token.kind) {
      case '$':
        return { kind: 'variable', name: this.#name(), offset: token.offset }
      case 'word':
        return this.#function(token)
      case '(':
        return this.#parenthesized(() => this.#range())
      default:
        throw this.#unexpected(token, 'a $variable, a function (hour, day, month, year) or (')
    }
  }

  #name(): string {
    const token = this.#next()
    if (token.kind !== 'word' || isReserved(token.text))
      throw this.#unexpected(token, 'the name of a variable')
    return token.text
  }

  #function(token: Token): Expression {
    if (isReserved(token.text)) {
      throw this.#unexpected(token, 'a $variable or a function (hour, day, month, year)')
    }
    let argument: Expression | undefined
    if (this.#peek().kind === '(') {
      this.#at++
      argument = this.#parenthesized(() => this.#shifts())
      this.#requireTime(argument, argument.offset)
    }
    return { kind: 'function', name: token.text, argument, offset: token.offset }
  }

  /** Parses what follows an opening parenthesis that is already taken, up to its closing one. */
  #parenthesized(inner: () => Expression): Expression {
    const open = this.#tokens[this.#at - 1] as Token
    if (++this.#depth > MAX_DEPTH) throw this.#unexpected(open, `at most ${MAX_DEPTH} nested parentheses`)
    const expression = inner()
    const close = this.#next()
    if (close.kind !== ')') throw this.#unexpected(close, ')')
    this.#depth--
    return expression
  }

  #requireTime(expression: Expression, offset: number): void {
    if (isRange(expression)) throw new TimexError('parser', 'unexpected range', offset, 'a single time')
  }

  /**
   * Returns the next token. Throws the lexer's error only when its token is reached, so that the first error
   * in the text is reported.
   */
  #peek(): Token {
    const token = this.#tokens[this.#at] as Token
    if (token.kind !== 'unreadable') return token
    throw new TimexError(
      'lexer',
      `unexpected character ${JSON.stringify(token.text)}`,
      token.offset,
      'a $variable, a number, a word, + - @ or a parenthesis',
    )
  }

  #next(): Token {
    const token = this.#peek()
    if (token.kind !== 'end') this.#at++
    return token
  }

  #unexpected(token: Token, expected: string): TimexError {
    const found = token.kind === 'end' ? 'the expression ends' : `unexpected ${JSON.stringify(token.text)}`
    return new TimexError('parser', found, token.offset, expected)
  }
}

function unitOf(word: string) {
  return Object.hasOwn(UNIT_WORDS, word) ? UNIT_WORDS[word] : undefined
}

function isReserved(word: string): boolean {
  return word === 'to' || unitOf(word) !== undefined
}
