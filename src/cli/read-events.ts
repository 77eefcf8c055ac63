import { formatPosition, InvalidError, messageOf } from '../domain/errors.ts'
import type { Event } from '../domain/event.ts'
import { isJsonObject, type JsonValue } from '../domain/notification.ts'
import { parseEvents } from '../formats/parse-events.ts'
import { parseJson } from '../text/json.ts'
import { readJsonTexts, withoutOffset } from './read-json-texts.ts'

/**
 * Reads the events of files, in any form that parseEvents reads; `-` is standard input. Skips what
 * `stv3 distill` prints for a notification that becomes no event. Rejects with InvalidError that names file,
 * line and column of the first fault.
 */
export async function readEvents(files: readonly string[]): Promise<Event[]> {
  const events: Event[] = []
  for (const file of files) {
    for await (const { text, place } of readJsonTexts(file)) {
      if (text === 'null') continue
      try {
        const value = parseJson(text)
        if (isNotification(value))
          throw new InvalidError('these are notifications; make events of them with stv3 distill')
        for (const event of parseEvents(value)) events.push(event)
      } catch (error) {
        const message =
          error instanceof SyntaxError ? withoutOffset(`not JSON: ${error.message}`) : messageOf(error)
        throw new InvalidError(`${formatPosition(place())}: ${message}`, { cause: error })
      }
    }
  }
  return events
}

/** Whether a value is no event but a notification, bare or in its envelope: no trait is an object called payload. */
function isNotification(value: JsonValue): boolean {
  if (!isJsonObject(value)) return false
  if (typeof value['oslo.message'] === 'string') return true
  const { event_type, payload } = value
  return typeof event_type === 'string' && isJsonObject(payload) && payload.__type__ === undefined
}
