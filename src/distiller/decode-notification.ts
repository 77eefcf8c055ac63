import { isUtf8 } from 'node:buffer'
import { LONGEST_NAME } from '../domain/event.ts'
import { isJsonObject, type JsonValue, type Notification } from '../domain/notification.ts'
import { parseJson } from '../text/json.ts'
import { excessOf, type JsonBounds } from '../text/json-bounds.ts'

/** A notification, or the stage and the reason of its refusal. */
export type Decoded =
  | { readonly ok: true; readonly notification: Notification }
  | { readonly ok: false; readonly stage: 'decode' | 'validate' | 'size'; readonly reason: string }

const BYTE_ORDER_MARK = 0xfeff

/** Python's own json parser goes no deeper, and a consumer has the memory for this many values. */
const BOUNDS: JsonBounds = { depth: 1000, values: 250_000 }

/**
 * Decodes the body of a message: a bare notification, or one in the oslo.messaging v2 envelope (an object
 * with `oslo.message`, itself JSON in a text). The body must be UTF-8.
 *
 * @example
 * const decoded = decodeNotification(body)
 * if (decoded.ok) distiller.distil(decoded.notification, receivedAt)
 */
export function decodeNotification(body: Buffer): Decoded {
  if (!isUtf8(body)) return { ok: false, stage: 'decode', reason: 'the body is not UTF-8' }
  return decodeNotificationText(body.toString('utf8'))
}

/** Decodes the text of a message like decodeNotification does its bytes. Ignores a byte order mark. */
export function decodeNotificationText(text: string): Decoded {
  const outer = parse(text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text, 'the body')
  if (!outer.ok) return outer
  const message = isJsonObject(outer.value) ? outer.value['oslo.message'] : undefined
  if (typeof message !== 'string') return validate(outer.value)
  const inner = parse(message, 'oslo.message')
  return inner.ok ? validate(inner.value) : inner
}

type Parsed =
  | { readonly ok: true; readonly value: JsonValue }
  | { readonly ok: false; readonly stage: 'decode' | 'size'; readonly reason: string }

function parse(text: string, what: string): Parsed {
  const excess = excessOf(text, BOUNDS)
  if (excess !== undefined) return { ok: false, stage: 'size', reason: `${what} is not read: ${excess}` }
  try {
    return { ok: true, value: parseJson(text) }
  } catch (error) {
    return { ok: false, stage: 'decode', reason: `${what} is not JSON: ${(error as Error).message}` }
  }
}

function validate(value: JsonValue): Decoded {
  const refuse = (reason: string): Decoded => ({ ok: false, stage: 'validate', reason })
  if (!isJsonObject(value)) return refuse('the body is not a JSON object')
  for (const name of ['event_type', 'message_id'] as const) {
    const text = value[name]
    if (typeof text !== 'string' || text === '') return refuse(`${name} is missing or not a text`)
    if (text.length > LONGEST_NAME) return refuse(`${name} is longer than ${LONGEST_NAME} characters`)
  }
  return { ok: true, notification: value as Notification }
}
