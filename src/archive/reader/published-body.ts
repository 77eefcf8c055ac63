import { isJsonObject } from '../../domain/notification.ts'
import { parseJson, stringifyJson } from '../../text/json.ts'

/** The names with which payloads may begin that are not what was published. */
const BEGIN = /^\{\s*"(?:raw_base64|region|cell|notification)"/
const LOOKED_AT = 64

/**
 * Returns the body as it was published, of a payload that may be wrapped with region and cell, or that has the
 * body of what is no JSON as `raw_base64`.
 *
 * @example
 * decodeNotification(publishedBody(record.payload))
 */
export function publishedBody(payload: Buffer): Buffer {
  // Most payloads are bodies, and are not looked into.
  if (!BEGIN.test(payload.toString('latin1', 0, LOOKED_AT))) return payload
  try {
    const outer = parseJson(payload.toString())
    if (!isJsonObject(outer)) return payload
    const { raw_base64: raw, notification } = outer
    if (typeof raw === 'string' && Object.keys(outer).length === 1) return Buffer.from(raw, 'base64')
    const isWrap =
      isJsonObject(notification) && typeof outer.region === 'string' && typeof outer.cell === 'string'
    return isWrap ? publishedBody(Buffer.from(stringifyJson(notification))) : payload
  } catch (error) {
    if (error instanceof SyntaxError) return payload
    throw error
  }
}
