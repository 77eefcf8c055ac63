import { type Decoded, decodeNotification, decodeNotificationText } from '../distiller/decode-notification.ts'
import type { JsonText } from './json-text.ts'

/** Decodes a text of a file as the consumer decodes the body of a message with the same bytes. */
export function decodeJsonText({ text, bytes }: JsonText): Decoded {
  return bytes ? decodeNotification(bytes) : decodeNotificationText(text)
}
