import { StackTachError } from '../domain/errors.ts'

/** Thrown when the content that came is not that which was announced: it changed while it was read. */
export class ContentError extends StackTachError {
  constructor(key: string) {
    super('conflict', `the content of ${key} is not the one announced: it changed while it was read`)
  }
}
