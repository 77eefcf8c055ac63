import { messageOf } from '../../domain/errors.ts'

/** The kind of a refusal by the broker. */
export type Refusal = 'forbidden' | 'missing' | 'exists-otherwise'

const FORBIDDEN = 403
const NOT_FOUND = 404
const PRECONDITION_FAILED = 406

/**
 * Returns the kind of a refusal; undefined for other failures: no connection, an argument that no queue can
 * have.
 */
export function refusalOf(error: unknown): Refusal | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  const text = brokerText(error)
  if (code === FORBIDDEN) return 'forbidden'
  // The broker reports NOT_FOUND for a queue whose node is down, too.
  if (code === NOT_FOUND && !/home node|inaccessible|stopped|timed? ?out/i.test(text)) return 'missing'
  if (code === PRECONDITION_FAILED && !/invalid (arg|property)/i.test(text)) return 'exists-otherwise'
  return undefined
}

/** Returns the broker's own text of an error, without the words that the library adds. */
export function brokerText(error: unknown): string {
  const message = messageOf(error)
  return /with message "(.*)"/s.exec(message)?.[1] ?? message
}

/** Returns the argument that differs from the configuration, read from the broker's text. */
export function differenceOf(error: unknown): string {
  const text = brokerText(error)
  const found = /inequivalent arg '([^']+)' for .*: received (.*) but current is (.*)$/s.exec(text)
  if (!found) return text
  const [argument, asked, current] = found.slice(1).map(plain)
  return `${argument} is ${current} there, ${asked} in the configuration`
}

/** Turns `the value 'quorum' of type 'longstr'`, or `'quorum'`, into quorum. */
function plain(value: string): string {
  return /^(?:the value )?'(.*?)'(?: of type '\w+')?$/s.exec(value)?.[1] ?? value
}
