import { formatPosition, InvalidError, messageOf } from '../domain/errors.ts'
import type { Event } from '../domain/event.ts'
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
        for (const event of parseEvents(parseJson(text))) events.push(event)
      } catch (error) {
        const message =
          error instanceof SyntaxError ? withoutOffset(`not JSON: ${error.message}`) : messageOf(error)
        throw new InvalidError(`${formatPosition(place())}: ${message}`, { cause: error })
      }
    }
  }
  return events
}
