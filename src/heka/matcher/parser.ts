import { MatcherError } from './matcher-error.ts'
import { type Operator, type Token, tokensOf } from './tokens.ts'

type Field = Extract<Token, { kind: 'field' }>
export type Relation = Exclude<Operator, '=~' | '!~'>

/** One test of a message. `at` is the offset of a regular expression, for errors. */
export type Test =
  | { readonly kind: 'text'; readonly name: string; readonly operator: Relation; readonly value: string }
  | { readonly kind: 'number'; readonly name: string; readonly operator: Relation; readonly value: string }
  | { readonly kind: 'regex'; readonly name: string; readonly isNegated: boolean; readonly regex: Regex }
  | {
      readonly kind: 'field-text'
      readonly field: Field
      readonly operator: Relation
      readonly value: string
    }
  | {
      readonly kind: 'field-number'
      readonly field: Field
      readonly operator: Relation
      readonly value: string
    }
  | { readonly kind: 'field-bool'; readonly field: Field; readonly value: boolean }
  | { readonly kind: 'field-nil'; readonly field: Field; readonly isNegated: boolean }
  | {
      readonly kind: 'field-regex'
      readonly field: Field
      readonly isNegated: boolean
      readonly regex: Regex
    }

export type Regex = { readonly source: string; readonly at: number }

/** An expression as a tree. */
export type Expression =
  | Test
  | { readonly kind: 'constant'; readonly value: boolean }
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Expression[] }

/** Deepest brackets, which bounds the stack. */
const DEEPEST = 1000
const TEST = 'a test, TRUE, FALSE or ('

/** Parses an expression. Throws MatcherError with the place and reason of the first fault. */
export function parseMatcher(text: string): Expression {
  const parser = new Parser(tokensOf(text), text)
  return parser.whole()
}

class Parser {
  readonly #tokens: readonly Token[]
  readonly #text: string
  #next = 0
  #depth = 0

  constructor(tokens: readonly Token[], text: string) {
    this.#tokens = tokens
    this.#text = text
  }

  whole(): Expression {
    const expression = this.#or()
    const { kind, at } = this.#token
    if (kind === 'end') return expression
    throw this.#unexpected(kind === 'close' ? 'the end; this one closes nothing' : '&&, || or the end', at)
  }

  get #token(): Token {
    return this.#tokens[this.#next] as Token
  }

  #take(): Token {
    return this.#tokens[this.#next++] as Token
  }

  #or(): Expression {
    return this.#joined('or', () => this.#joined('and', () => this.#primary()))
  }

  #joined(kind: 'and' | 'or', part: () => Expression): Expression {
    const parts = [part()]
    while (this.#token.kind === kind) {
      this.#next++
      parts.push(part())
    }
    return parts.length === 1 ? (parts[0] as Expression) : { kind, parts }
  }

  #primary(): Expression {
    const token = this.#take()
    if (token.kind === 'open') return this.#inBrackets(token)
    if (token.kind === 'constant' && token.name !== 'NIL')
      return { kind: 'constant', value: token.name === 'TRUE' }
    if (token.kind === 'text-variable') return this.#textTest(token.name)
    if (token.kind === 'number-variable') return this.#numberTest(token.name)
    if (token.kind === 'field') return this.#fieldTest(token)
    this.#next--
    throw this.#unexpected(TEST, token.at, hintAt(token))
  }

  #inBrackets({ at }: Token): Expression {
    if (++this.#depth > DEEPEST)
      throw new MatcherError('found a bracket', at, `at most ${DEEPEST} inside each other`)
    const inner = this.#or()
    if (this.#token.kind !== 'close') throw this.#unexpected('&&, || or )', this.#token.at)
    this.#next++
    this.#depth--
    return inner
  }

  #textTest(name: string): Expression {
    const operator = this.#operator()
    if (operator === '=~' || operator === '!~')
      return { kind: 'regex', name, isNegated: operator === '!~', regex: this.#regex(operator) }
    const { kind, at } = this.#token
    const isNil = kind === 'constant' && this.#token.name === 'NIL'
    const hint = isNil ? "; a variable that is absent is ''" : kind === 'regex' ? '; did you mean =~?' : ''
    if (kind !== 'text') throw this.#unexpected('a text in quotes', at, hint)
    return { kind: 'text', name, operator, value: this.#value() }
  }

  #numberTest(name: string): Expression {
    const operator = this.#operator()
    const { kind, at } = this.#token
    if (operator === '=~' || operator === '!~')
      throw this.#unexpected(`==, !=, >, >=, < or <=; ${name} is a number`, this.#before.at)
    if (kind !== 'number') throw this.#unexpected('a number without quotes', at)
    return { kind: 'number', name, operator, value: this.#value() }
  }

  #fieldTest(field: Field): Expression {
    const operator = this.#operator()
    if (operator === '=~' || operator === '!~')
      return { kind: 'field-regex', field, isNegated: operator === '!~', regex: this.#regex(operator) }
    const token = this.#token
    if (token.kind === 'number') return { kind: 'field-number', field, operator, value: this.#value() }
    if (token.kind === 'text') return { kind: 'field-text', field, operator, value: this.#value() }
    if (token.kind !== 'constant')
      throw this.#unexpected(
        'a number, a text in quotes, TRUE, FALSE or NIL',
        token.at,
        token.kind === 'regex' ? '; did you mean =~?' : '',
      )
    const isNil = token.name === 'NIL'
    if (operator !== '==' && !(operator === '!=' && isNil))
      throw this.#unexpected(isNil ? '== or != before NIL' : `== before ${token.name}`, this.#before.at)
    this.#next++
    if (isNil) return { kind: 'field-nil', field, isNegated: operator === '!=' }
    return { kind: 'field-bool', field, value: token.name === 'TRUE' }
  }

  get #before(): Token {
    return this.#tokens[this.#next - 1] as Token
  }

  #operator(): Operator {
    const token = this.#take()
    if (token.kind === 'operator') return token.operator
    this.#next--
    throw this.#unexpected('==, !=, >, >=, <, <=, =~ or !~', token.at)
  }

  #regex(operator: Operator): Regex {
    const { at, kind } = this.#token
    if (kind !== 'regex') throw this.#unexpected(`a regular expression between / behind ${operator}`, at)
    return { source: this.#value(), at }
  }

  /** Takes the value of a text, number or regular expression. */
  #value(): string {
    const token = this.#take()
    return 'value' in token ? token.value : ''
  }

  #unexpected(expected: string, at: number, hint = ''): MatcherError {
    const token = this.#tokens.find((one) => one.at === at) as Token
    const found = token.kind === 'end' ? 'the expression ends' : `found ${shown(this.#text, token)}`
    return new MatcherError(found, at, expected, hint)
  }
}

function shown(text: string, { at, end }: Token): string {
  const part = text.slice(at, end)
  return part.length > 40 ? `${part.slice(0, 40)}…` : part
}

/** Returns what may have been meant by a token that begins no test. */
function hintAt({ kind }: Token): string {
  return kind === 'text' || kind === 'number' ? '; the variable stands on the left' : ''
}
