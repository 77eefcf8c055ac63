/** The kinds of failure that callers tell apart. */
export type ErrorCode =
  | 'config'
  | 'syntax'
  | 'invalid'
  | 'not_found'
  | 'conflict'
  | 'transient'
  | 'io'
  | 'internal'
  | 'unauthorized'

/** Base of every error this project throws on purpose; its message is one sentence for a person. */
export class StackTachError extends Error {
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = new.target.name
    this.code = code
  }
}

/** Where in a file something stands; line and column count from 1. */
export type Position = { readonly file: string; readonly line: number; readonly column: number }

/** One finding about a configuration file. */
export type Problem = {
  readonly severity: 'error' | 'warning'
  readonly code: string
  /** where in the document, e.g. `0.traits.memory_mb.type` */
  readonly path: string
  readonly message: string
  readonly position: Position
}

/** `FILE:LINE:COLUMN: MESSAGE`, as compilers print it. */
export function formatProblem(problem: Problem): string {
  const { file, line, column } = problem.position
  const severity = problem.severity === 'warning' ? 'warning: ' : ''
  return `${file}:${line}:${column}: ${severity}${problem.message}`
}

/** Configuration that cannot be used; carries every problem found, not only the first. */
export class ConfigError extends StackTachError {
  readonly problems: readonly Problem[]

  constructor(message: string, problems: readonly Problem[] = []) {
    super('config', [message, ...problems.map(formatProblem)].join('\n'))
    this.problems = problems
  }
}

/** Text that does not parse: offset (from 0) of the fault and what was expected there. */
export class TextSyntaxError extends StackTachError {
  readonly offset: number
  readonly expected: string

  constructor(message: string, offset: number, expected: string) {
    super('syntax', message)
    this.offset = offset
    this.expected = expected
  }
}

/** A value from outside that cannot be accepted. */
export class InvalidError extends StackTachError {
  constructor(message: string, options?: { cause?: unknown }) {
    super('invalid', message, options)
  }
}

export class NotFoundError extends StackTachError {
  constructor(message: string) {
    super('not_found', message)
  }
}

/** The thing exists, but is not in a state that allows what was asked. */
export class ConflictError extends StackTachError {
  constructor(message: string) {
    super('conflict', message)
  }
}

/** Not the message's fault: a server that is away, a lock that was not granted. Trying again may help. */
export class TransientError extends StackTachError {
  constructor(message: string, options?: { cause?: unknown }) {
    super('transient', message, options)
  }
}

/** What an error was made of; undefined for none. */
export function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined
}

/** The sentence of any thrown value. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return textOf(error)
  if (error.message !== '') return error.message
  // Node joins failed connection attempts into an AggregateError without a message of its own.
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('; ')
  return 'code' in error ? String(error.code) : error.name
}

/** Some values cannot be made a text. */
function textOf(value: unknown): string {
  try {
    return String(value)
  } catch {
    return `a value of type ${typeof value}`
  }
}
