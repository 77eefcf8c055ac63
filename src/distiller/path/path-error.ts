import { TextSyntaxError } from '../../domain/errors.ts'

/** Thrown for a field path that cannot be parsed. `offset` counts from 0. */
export class PathError extends TextSyntaxError {
  constructor(path: string, message: string, offset: number, expected: string) {
    super(
      `bad field path ${JSON.stringify(path)}: ${message} at column ${offset + 1}, expected ${expected}`,
      offset,
      expected,
    )
  }
}
