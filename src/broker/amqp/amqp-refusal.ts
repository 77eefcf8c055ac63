import { messageOf } from '../../domain/errors.ts'

/** What the broker does not let us do, and in which way. */
export type Refusal = 'forbidden' | 'missing' | 'exists-otherwise'

const FORBIDDEN = 403
const NOT_FOUND = 404
const PRECONDITION_FAILED = 406

/** Undefined where the failure is something else: no connection, an argument that no queue can have. */
export function refusalOf(error: unknown): Refusal | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  const text = brokerText(error)
  if (code === FORBIDDEN) return 'forbidden'
  // A queue whose node is down is NOT_FOUND too.
  if (code === NOT_FOUND && !/home node|inaccessible|stopped|timed? ?out/i.test(text)) return 'missing'
  if (code === PRECONDITION_FAILED && !/invalid (arg|property)/i.test(text)) return 'exists-otherwise'
  return undefined
}

/** The broker's own words, without what the library says around them. */
export function brokerText(error: unknown): string {
  const message = messageOf(error)
  return /with message "(.*)"/s.exec(message)?.[1] ?? message
}

/** What is otherwise than it was asked for, out of the broker's words. */
export function differenceOf(error: unknown): string {
  const text = brokerText(error)
  const found = /inequivalent arg '([^']+)' for .*: received (.*) but current is (.*)$/s.exec(text)
  if (!found) return text
  const [argument, asked, current] = found.slice(1).map(plain)
  return `${argument} is ${current} there, ${asked} in the configuration`
}

/** `the value 'quorum' of type 'longstr'` and `'quorum'` as quorum. */
function plain(value: string): string {
  return /^(?:the value )?'(.*?)'(?: of type '\w+')?$/s.exec(value)?.[1] ?? value
}
