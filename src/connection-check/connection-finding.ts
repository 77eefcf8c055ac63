import { messageOf, TransientError } from '../domain/errors.ts'
import { inTime } from '../runtime/in-time.ts'

/** State of one server, queue, exchange or folder, or of the rights of an account, with a remedy when something is wrong. */
export type ConnectionFinding = {
  readonly object: 'broker' | 'queue' | 'exchange' | 'database' | 'events' | 'archive' | 'rights'
  readonly name: string
  /** `error`: nothing works in this state */
  readonly state: 'ok' | 'warning' | 'error'
  readonly text: string
  readonly remedy?: string
  /** the same information for programs */
  readonly facts?: { readonly [name: string]: unknown }
}

/** Time after which a silent server counts as not answering, ms. */
export const PATIENCE_MS = 10_000

/**
 * Waits for an answer. Rejects with TransientError when it takes longer than PATIENCE_MS; `what` names the
 * server in the message.
 */
export function answerOf<T>(asked: Promise<T>, what: string): Promise<T> {
  const late = () => new TransientError(`${what} has not answered within ${PATIENCE_MS / 1000} s`)
  return inTime(asked, PATIENCE_MS, late)
}

/** Returns the finding of a failed check. The text is the error's message. */
export function failed(
  object: ConnectionFinding['object'],
  name: string,
  error: unknown,
  remedy: string,
): ConnectionFinding {
  return { object, name, state: 'error', text: messageOf(error), remedy }
}

export function formatConnectionFinding({ object, name, state, text, remedy }: ConnectionFinding): string {
  const severity = state === 'ok' ? '' : `${state}: `
  return `${severity}${[object, name].filter(Boolean).join(' ')}: ${text}${remedy ? `; ${remedy}` : ''}`
}

/** Returns a finding as one flat object, its facts beside its fields. */
export function flatConnectionFinding({ facts, ...finding }: ConnectionFinding): object {
  return { ...finding, ...facts }
}
