import { formatIso, MICROS_PER_MINUTE, type Micros } from '../../../src/domain/time.ts'
import { nested, type RawMessage, rawHeader } from '../../support/raw-publish.ts'

const MEGABYTE = 1024 * 1024

/**
 * Messages that the simulator does not make, about some images: without a time, with times of other clocks, before
 * their time, one id with two times, near the limit of size and above it; such as cannot be distilled, or are refused
 * by the database; and one that kills.
 */
const EXTRAS = { undated: 50, skewed: 40, early: 20, retimed: 20, nearLimit: 20 }
export const POISON = { size: 5, distill: 5, store: 4 }
const total = (counts: { readonly [kind: string]: number }) =>
  Object.values(counts).reduce((sum, n) => sum + n, 0)
/** Those of them that become events of images; the deadly one does too. */
export const OF_IMAGES = total(EXTRAS)
export const IMAGES = 10
export const IMAGE = 'image'
export const DEADLY = 'deadly'

export function extras(start: Micros): string[] {
  const message = (id: string, n: number, more: object = {}, payload: object = {}) => {
    const image = { id: `image-${n % IMAGES}`, ...payload }
    const timestamp = formatIso(start)
    return JSON.stringify({ event_type: 'image.story', message_id: id, timestamp, payload: image, ...more })
  }
  const list = (kind: string, count: number, make: (id: string, n: number) => string) =>
    Array.from({ length: count }, (_, n) => make(`${kind}-${n}`, n))
  const minutesOff = (minutes: number) => ({ timestamp: formatIso(start + minutes * MICROS_PER_MINUTE) })
  const text = (length: number) => ({ text: 'x'.repeat(length) })
  return [
    message(DEADLY, 0, { event_type: 'image.deadly' }),
    ...list('undated', EXTRAS.undated, (id, n) => message(id, n, { timestamp: undefined })),
    ...list('skewed', EXTRAS.skewed, (id, n) => message(id, n, minutesOff((n - EXTRAS.skewed / 2) * 10))),
    ...list('early', EXTRAS.early, (id, n) => message(id, n, minutesOff(180))),
    // Which of the two is stored depends on who is killed.
    ...list('retimed', 2 * EXTRAS.retimed, (_, n) => message(`retimed-${n >> 1}`, n >> 1, minutesOff(n))),
    ...list('near', EXTRAS.nearLimit, (id, n) => message(id, n, {}, text(MEGABYTE - 1000))),
    ...list('large', POISON.size, (id, n) => message(id, n, {}, text(MEGABYTE + 1000 * n))),
    ...list('wrong', POISON.distill, (id, n) => message(id, n, {}, { size: 'much' })),
    ...list('refused', POISON.store, (id, n) => message(id, n)),
  ]
}

/** About images whose streams have ended. */
export function afterTheEnd(start: Micros): string[] {
  return Array.from({ length: IMAGES }, (_, n) =>
    JSON.stringify({
      event_type: 'image.story',
      message_id: `overdue-${n}`,
      timestamp: formatIso(start),
      payload: { id: `image-${n}` },
    }),
  )
}

/** Each has headers that the client library cannot decode. */
export function undecodable(): RawMessage[] {
  return [nested('F', 6000), nested('A', 8000)].map((deep, n) => ({
    body: JSON.stringify({ event_type: 'image.story', message_id: `undecodable-${n}` }),
    headers: rawHeader('x', deep),
  }))
}
