import { TransientError } from '../domain/errors.ts'

/** An answer that takes too long; that the client asks for less may help. */
export class TooSlowError extends TransientError {}
