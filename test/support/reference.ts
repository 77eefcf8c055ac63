import { expect } from 'vitest'
import { decodeNotificationText } from '../../src/distiller/decode-notification.ts'
import type { StoredEvent } from '../../src/domain/event.ts'
import type { Stream } from '../../src/domain/stream.ts'
import { canonicalTraits } from '../../src/domain/trait.ts'
import type { Store } from '../../src/store/store.ts'
import { openShipped } from './shipped.ts'

/** The comparable parts of a stream, independent of its id. */
export type StreamFacts = {
  readonly key: string
  readonly state: string
  readonly events: readonly string[]
  readonly times: readonly (number | null)[]
}

/** Indexes of the fire and the expire timestamp in `times`. */
const fireTime = 2
const expireTime = 3

function factsOf(stream: Stream, events: readonly StoredEvent[]): StreamFacts {
  return {
    key: `${stream.name} ${canonicalTraits(stream.distinguishingTraits)}`,
    state: stream.state,
    events: events.map(({ messageId }) => messageId),
    times: [stream.firstEvent, stream.lastEvent, stream.fireTimestamp, stream.expireTimestamp],
  }
}

export async function streamFacts(store: Store): Promise<StreamFacts[]> {
  const streams = await store.listStreams({}, { limit: 100_000, mark: undefined, ascending: true })
  const events = await store.eventsOfStreams(streams.map(({ id }) => id))
  const facts = streams.map((stream) => factsOf(stream, events.get(stream.id) ?? []))
  return facts.sort((a, b) => (a.key + a.times.join() < b.key + b.times.join() ? -1 : 1))
}

/**
 * Expects the streams of parallel consumers to equal those of one consumer, except that the time at which a
 * stream is due to fire may be earlier, and of a few later.
 *
 * That time counts from the event clock when the last needed event arrived. Another consumer may then hold an
 * event with a later time that would have moved the clock on already. Where several events meet the criterion, a
 * later one that another consumer stores first makes the stream ready.
 */
export function expectSameStreams(actual: readonly StreamFacts[], expected: readonly StreamFacts[]): void {
  const withoutFireTime = (stream: StreamFacts) => ({
    ...stream,
    times: stream.times.toSpliced(fireTime, 1),
  })
  expect(actual.map(withoutFireTime)).toEqual(expected.map(withoutFireTime))
  const later: string[] = []
  for (const [index, { key, times }] of actual.entries()) {
    const [is, inOrder] = [times[fireTime], expected[index]?.times[fireTime]]
    expect(is === null, key).toBe(inOrder === null)
    if ((is ?? 0) > (inOrder ?? 0)) later.push(key)
    expect(is ?? 0, key).toBeLessThanOrEqual(times[expireTime] ?? 0)
    if (is != null) expect(is, key).toBeGreaterThanOrEqual(times[0] ?? Number.NaN)
  }
  expect(later.length, later.join('\n')).toBeLessThanOrEqual(Math.ceil(actual.length / 50))
}

/**
 * Returns the streams that the shipped configuration makes of notifications one after the other, each at the
 * time of its timestamp, with all streams completed that are due at the last one: no batches, no processes,
 * no races.
 */
export async function referenceStreams(lines: readonly string[]): Promise<StreamFacts[]> {
  const { distiller, router, store } = await openShipped()
  let now = 0
  for (const line of lines) {
    const decoded = decodeNotificationText(line)
    if (!decoded.ok) throw new Error(decoded.reason)
    const distilled = distiller.distil(decoded.notification, now)
    if (distilled.kind !== 'event') continue
    const { event } = distilled
    now = Math.max(now, event.timestamp)
    await store.storeBatch(
      { arrivals: [{ event, at: now, keys: router.keysOf(event) }], deadLetters: [] },
      router,
    )
  }
  for (const kind of ['fire', 'expire'] as const) {
    const claims = await store.claimStreams({
      kind,
      now,
      limit: 100_000,
      worker: 'reference',
      leaseMs: 60_000,
    })
    const runs = claims.map((claim) => ({ claim, newEvents: [], purge: false, lastError: null }))
    await store.finishRuns(runs, router)
  }
  const facts = await streamFacts(store)
  await store.close()
  return facts
}
