/** Classes of failure by which callers choose an HTTP status, an exit code or a retry. */
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

/** Base class of all errors that this project throws on purpose. The message is one sentence for a person. */
export class StackTachError extends Error {
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = new.target.name
    this.code = code
  }
}

/** A place in a file. Line and column count from 1. */
export type Position = { readonly file: string; readonly line: number; readonly column: number }

/** One finding about a configuration file. */
export type Finding = {
  readonly severity: 'error' | 'warning'
  readonly code: string
  /** path within the document, e.g. `0.traits.memory_mb.type` */
  readonly path: string
  readonly message: string
  readonly position: Position
}

/** Formats a place in a file as compilers do: `FILE:LINE:COLUMN`. */
export function formatPosition({ file, line, column }: Position): string {
  return `${file}:${line}:${column}`
}

/**
 * Formats a finding as compilers do: `FILE:LINE:COLUMN: MESSAGE`, with `warning: ` before the message of a
 * warning.
 */
export function formatFinding(finding: Finding): string {
  const severity = finding.severity === 'warning' ? 'warning: ' : ''
  return `${formatPosition(finding.position)}: ${severity}${finding.message}`
}

/** Returns the findings that are errors. */
export function errorsAmong(findings: readonly Finding[]): Finding[] {
  return findings.filter(({ severity }) => severity === 'error')
}

/** Thrown for configuration that cannot be used. Carries all findings, not only the first. */
export class ConfigError extends StackTachError {
  readonly findings: readonly Finding[]

  constructor(message: string, findings: readonly Finding[] = []) {
    super('config', [message, ...findings.map(formatFinding)].join('\n'))
    this.findings = findings
  }
}

/**
 * Thrown for text that does not parse. Carries the offset of the fault (from 0) and what was expected there.
 */
export class TextSyntaxError extends StackTachError {
  readonly offset: number
  readonly expected: string

  constructor(message: string, offset: number, expected: string) {
    super('syntax', message)
    this.offset = offset
    this.expected = expected
  }
}

/** Thrown for a value from outside that cannot be accepted. */
export class InvalidError extends StackTachError {
  constructor(message: string, options?: { cause?: unknown }) {
    super('invalid', message, options)
  }
}

/** Thrown when the thing that was asked for does not exist. */
export class NotFoundError extends StackTachError {
  constructor(message: string) {
    super('not_found', message)
  }
}

/** Thrown when the thing exists, but its state does not allow what was asked. */
export class ConflictError extends StackTachError {
  constructor(message: string) {
    super('conflict', message)
  }
}

/**
 * Thrown for a failure that a retry may cure, such as a server that is down or a lock that was not granted.
 * The message being processed is not at fault.
 */
export class TransientError extends StackTachError {
  constructor(message: string, options?: { cause?: unknown }) {
    super('transient', message, options)
  }
}

/** Returns the `cause` of an error; undefined where there is none. */
export function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined
}

/** Returns a readable message for any thrown value, also for one that is no Error. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return textOf(error)
  if (error.message !== '') return error.message
  // Node joins failed connection attempts into an AggregateError without a message of its own.
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('; ')
  return 'code' in error ? String(error.code) : error.name
}

/** Returns the value as text. String() throws for some values, such as objects without a prototype. */
function textOf(value: unknown): string {
  try {
    return String(value)
  } catch {
    return `a value of type ${typeof value}`
  }
}
