import { isUtf8 } from 'node:buffer'
import { isJsonObject } from '../domain/notification.ts'
import { parseJson } from '../text/json.ts'
import type { JsonText } from './json-text.ts'

/**
 * Returns the payload of a message that RabbitMQ's management has written, with `payload` and `payload_encoding`
 * (`string` or `base64`); any other text unchanged.
 */
export function unwrapMessage(text: JsonText): JsonText {
  // Most texts are none, and are not parsed.
  if (text.bytes || !text.text.includes('"payload_encoding"')) return text
  const payload = payloadOf(text.text)
  if (payload === undefined) return text
  return {
    number: text.number,
    text: payload.toString(),
    ...(isUtf8(payload) ? {} : { bytes: payload }),
    place: text.place,
  }
}

function payloadOf(text: string): Buffer | undefined {
  try {
    const message = parseJson(text)
    if (!isJsonObject(message) || message.event_type !== undefined) return undefined
    const { payload, payload_encoding: encoding } = message
    if (typeof payload !== 'string' || (encoding !== 'string' && encoding !== 'base64')) return undefined
    return Buffer.from(payload, encoding === 'base64' ? 'base64' : 'utf8')
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
