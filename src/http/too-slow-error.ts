import { TransientError } from '../domain/errors.ts'

/** Thrown when an answer takes too long; it may help when the client asks for less. */
export class TooSlowError extends TransientError {}
