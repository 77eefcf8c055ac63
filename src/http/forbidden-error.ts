import { StackTachError } from '../domain/errors.ts'

/** Thrown for a request whose token may not do what it asks for. */
export class ForbiddenError extends StackTachError {
  constructor(message: string) {
    super('unauthorized', message)
  }
}
