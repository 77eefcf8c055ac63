import { StackTachError } from '../../domain/errors.ts'

/** Thrown for bytes that are no message, header or frame of Heka. The message says which byte is at fault. */
export class WireError extends StackTachError {
  constructor(message: string) {
    super('invalid', message)
  }
}
