import { TextSyntaxError } from '../../domain/errors.ts'

/** Thrown for an expression that is none. `offset` counts characters from 0. */
export class MatcherError extends TextSyntaxError {
  constructor(fault: string, offset: number, expected: string, hint = '') {
    super(`${fault} at column ${offset + 1}, expected ${expected}${hint}`, offset, expected)
  }
}
