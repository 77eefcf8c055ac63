import { TextSyntaxError } from '../domain/errors.ts'

/** What is wrong: the characters, the grammar, the names used, or the resulting date. */
export type TimexErrorKind = 'lexer' | 'parser' | 'expression' | 'value'

/** Thrown for a time expression that cannot be parsed or evaluated. `offset` counts from 0. */
export class TimexError extends TextSyntaxError {
  readonly kind: TimexErrorKind

  constructor(kind: TimexErrorKind, message: string, offset: number, expected: string) {
    super(`${message} at column ${offset + 1}, expected ${expected}`, offset, expected)
    this.kind = kind
  }
}
