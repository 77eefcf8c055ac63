import { expect } from 'vitest'
import { decodeNotificationText } from '../../src/distiller/decode-notification.ts'
import type { StoredEvent } from '../../src/domain/event.ts'
import type { Stream } from '../../src/domain/stream.ts'
import { canonicalTraits } from '../../src/domain/trait.ts'
import type { Store } from '../../src/store/store.ts'
import { openShipped } from './shipped.ts'

/** What can be compared of a stream, whatever its id. */
export type StreamFacts = {
  readonly key: string
  readonly state: string
  readonly events: readonly string[]
  readonly times: readonly (number | null)[]
}

/** Where the time at which a stream is due to fire stands among its times. */
const fireTime = 2

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
 * Expects the streams of consumers side by side to be those of one after the other. Only the time at which a stream
 * is due to fire may differ: it counts from the event clock when the last event that was needed arrived, and another
 * consumer may hold an event of a later time that would have moved the clock on before. So it may be earlier, never
 * later.
 */
export function expectSameStreams(actual: readonly StreamFacts[], expected: readonly StreamFacts[]): void {
  const withoutFireTime = (stream: StreamFacts) => ({
    ...stream,
    times: stream.times.toSpliced(fireTime, 1),
  })
  expect(actual.map(withoutFireTime)).toEqual(expected.map(withoutFireTime))
  for (const [index, { key, times }] of actual.entries()) {
    const [is, inOrder] = [times[fireTime], expected[index]?.times[fireTime]]
    expect(is === null, key).toBe(inOrder === null)
    expect(is ?? 0, key).toBeLessThanOrEqual(inOrder ?? 0)
    if (is != null) expect(is, key).toBeGreaterThanOrEqual(times[0] ?? Number.NaN)
  }
}

/**
 * The streams that the shipped configuration makes of notifications one after the other, each at the time of
 * its timestamp, all that are due at the last of them completed: no batches, no processes, no races.
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
