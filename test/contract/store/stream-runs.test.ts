import { beforeEach, describe, expect, test } from 'vitest'
import type { ClaimedStream } from '../../../src/store/ports/stream-runs.ts'
import type { Store } from '../../../src/store/store.ts'
import { DATABASES } from '../../support/databases.ts'
import { event, routerOf } from '../../support/events.ts'
import { finished, HOUR_MS, LATER, NOW, PAGE, StoreFixture } from '../../support/store-fixture.ts'

describe.each(DATABASES)('store on $name: stream runs', ({ open }) => {
  const fixture = new StoreFixture(open)
  const { put, claim, states } = fixture
  let store: Store
  beforeEach(() => {
    store = fixture.store
  })

  test('purging deletes the stream and keeps its events', async () => {
    const router = routerOf({})
    await put(router, [event({ messageId: 'kept', host: 'a', eventType: 'x.end' })])
    const [claimed] = await claim()
    await store.finishRuns([finished(claimed as ClaimedStream, true)], router)
    expect(await states()).toEqual([])
    expect(await store.findEvent('kept')).toBeDefined()
    await put(router, [event({ host: 'a' })])
    expect((await store.listStreams({}, PAGE)).map(({ id }) => id)).toEqual([2])
  })

  test('events that a pipeline made are routed before its own stream is completed', async () => {
    const router = routerOf({ fire_criteria: [{ event_type: '*.end' }] })
    await put(router, [event({ host: 'a', eventType: 'x.end' })])
    const [claimed] = await claim()
    const made = event({ messageId: 'made', host: 'a', eventType: 'made' })
    const newEvents = [{ event: made, at: LATER, keys: router.keysOf(made) }]
    const run = { claim: claimed as ClaimedStream, newEvents, purge: false, lastError: 'commit failed' }
    expect(await store.finishRuns([run], router)).toEqual(new Set([1]))
    const streams = await store.listStreams({}, PAGE)
    expect(streams).toMatchObject([
      { state: 'completed', generation: 0, lastError: 'commit failed' },
      { state: 'active', generation: 1 },
    ])
  })

  test('a worker whose lease was taken over changes nothing', async () => {
    const router = routerOf({})
    await put(router, [event({ host: 'a', eventType: 'x.end' })])
    const [slow] = await claim('fire', LATER, -1000)
    const request = { kind: 'fire', now: LATER, limit: 9, worker: 'w2', leaseMs: HOUR_MS } as const
    expect(await store.claimStreams(request)).toEqual([])
    const next = await store.claimOrphan(request)
    expect(await store.claimOrphan(request)).toBeUndefined()
    expect(next).toMatchObject({ takenOver: true, stream: { attempts: 2 } })
    const made = event({ messageId: 'made', host: 'b' })
    const newEvents = [{ event: made, at: LATER, keys: router.keysOf(made) }]
    const run = finished(slow as ClaimedStream)
    expect(await store.finishRuns([run, { ...run, newEvents }], router)).toEqual(new Set())
    expect(await store.failRun({ claim: slow as ClaimedStream, error: 'x', retryInMs: undefined })).toBe(
      false,
    )
    expect(await store.renewLeases([slow as ClaimedStream], HOUR_MS)).toEqual(new Set())
    expect(await store.renewLeases([next as ClaimedStream], HOUR_MS)).toEqual(new Set([1]))
    expect(await store.findEvent('made')).toBeUndefined()
    expect(await states()).toEqual(['firing'])
  })

  test('runs that made events are finished together, but for those whose lease had gone', async () => {
    const router = routerOf({ fire_criteria: [{ event_type: '*.end' }] })
    const hosts = ['a', 'b', 'c']
    await put(
      router,
      hosts.map((host) => event({ host, eventType: 'x.end' })),
    )
    const claims = await claim('fire', LATER, -1000)
    const lost = claims[1] as ClaimedStream
    const request = { kind: 'fire', now: LATER, limit: 9, worker: 'w2', leaseMs: HOUR_MS } as const
    // Another worker has taken one of them over.
    while ((await store.findStream(lost.stream.id))?.attempts === 1) await store.claimOrphan(request)
    const stillHeld = claims.filter(({ stream }) => stream !== lost.stream)
    const held: ClaimedStream[] = []
    for (const one of stillHeld) {
      const now = await store.findStream(one.stream.id)
      if (now?.stateSerialNo === one.stream.stateSerialNo) held.push(one)
    }
    const runs = claims.map((one, index) => {
      const made = event({ messageId: `made-${index}`, host: 'same', eventType: 'made' })
      return { ...finished(one), newEvents: [{ event: made, at: LATER, keys: router.keysOf(made) }] }
    })
    expect(await store.finishRuns(runs, router)).toEqual(new Set(held.map(({ stream }) => stream.id)))
    expect(held.length).toBeLessThan(3)
    for (const [index, one] of claims.entries()) {
      const isStored = (await store.findEvent(`made-${index}`)) !== undefined
      expect(isStored).toBe(held.includes(one))
    }
    const open = (await store.listStreams({ state: 'active' }, PAGE)).map(({ eventCount }) => eventCount)
    expect(open).toEqual(held.length > 0 ? [held.length] : [])
  })

  test('what runs of different generations make is of the generation after each', async () => {
    const router = routerOf({ fire_criteria: [{ event_type: '*.end' }] })
    const make = async (claims: readonly ClaimedStream[], suffix: string) => {
      const runs = claims.map((one) => {
        const made = event({
          messageId: `${one.stream.id}-${suffix}`,
          host: `${one.stream.id}`,
          eventType: 'x.end',
        })
        return { ...finished(one), newEvents: [{ event: made, at: LATER, keys: router.keysOf(made) }] }
      })
      expect((await store.finishRuns(runs, router)).size).toBe(claims.length)
    }
    await put(router, [event({ host: 'a', eventType: 'x.end' })])
    await make(await claim('fire', LATER), 'first')
    await put(router, [event({ host: 'b', eventType: 'x.end' })], LATER)
    await make(await claim('fire', LATER + 1), 'second')
    const generations = (await store.listStreams({}, PAGE)).map(({ generation }) => generation)
    expect(generations.sort()).toEqual([0, 0, 1, 1, 2])
  })

  test('a failed run waits for its retry, then errs, and can be reset', async () => {
    const router = routerOf({})
    await put(router, [event({ host: 'a', eventType: 'x.end' })])
    const [first] = await claim()
    expect(await store.failRun({ claim: first as ClaimedStream, error: 'boom', retryInMs: HOUR_MS })).toBe(
      true,
    )
    expect(await states()).toEqual(['retry_fire'])
    expect(await claim()).toEqual([])
    await store.resetStreams('error')
    expect(await states()).toEqual(['retry_fire'])
  })

  test('what is due next: the first to fire, the first to expire, the first retry or end of a lease', async () => {
    const router = routerOf({ fire_criteria: [{ event_type: 'x.end' }], expiration: '$last + 1h' })
    expect(await store.nextDue(true)).toEqual({ fire: null, expire: null, retryInMs: null })
    await put(router, [event({ host: 'b', timestamp: NOW + 5 }), event({ host: 'a', timestamp: NOW })])
    const expire = NOW + 3_600_000_000
    expect(await store.nextDue(true)).toEqual({ fire: null, expire, retryInMs: null })
    await put(router, [event({ host: 'b', eventType: 'x.end', timestamp: NOW })], NOW + 7)
    expect(await store.nextDue(true)).toEqual({ fire: NOW + 7, expire, retryInMs: null })

    const [claimed] = await claim()
    const running = await store.nextDue(true)
    expect(running).toMatchObject({ fire: null, expire })
    expect(running.retryInMs).toBeGreaterThan(HOUR_MS / 2)
    expect(running.retryInMs).toBeLessThanOrEqual(HOUR_MS)
    await store.failRun({ claim: claimed as ClaimedStream, error: 'away', retryInMs: 2 * HOUR_MS })
    const failed = await store.nextDue(true)
    expect(failed.retryInMs).toBeGreaterThan(HOUR_MS)
  })

  test('a stream that was reset may run at once', async () => {
    const router = routerOf({ fire_criteria: [{ event_type: 'x.end' }] })
    await put(router, [event({ host: 'a', eventType: 'x.end', timestamp: NOW })])
    const [claimed] = await claim()
    await store.failRun({ claim: claimed as ClaimedStream, error: 'bad', retryInMs: undefined })
    expect(await store.nextDue(true)).toMatchObject({ fire: null, retryInMs: null })
    await store.resetStreams('error')
    expect((await store.nextDue(true)).retryInMs).toBeLessThan(0)
  })

  test('retries get their share however many streams are due for the first time', async () => {
    const router = routerOf({})
    await put(router, [event({ host: 'failed', eventType: 'x.end' })])
    const [first] = await claim()
    await store.failRun({ claim: first as ClaimedStream, error: 'boom', retryInMs: 0 })
    await put(
      router,
      Array.from({ length: 20 }, (_, n) => event({ host: `h${n}`, eventType: 'x.end' })),
    )
    const claims = await claim()
    expect(claims).toHaveLength(10)
    expect(claims.filter(({ stream }) => stream.attempts === 2)).toHaveLength(1)
  })

  test('claims of which nothing was run go back, their attempts not counted', async () => {
    const router = routerOf({ fire_criteria: [{ event_type: 'x.end' }] })
    const ends = ['a', 'b'].map((host) => event({ host, eventType: 'x.end', timestamp: NOW }))
    await put(router, ends)
    const claims = await claim()
    // The first was taken over meanwhile.
    await store.failRun({ claim: claims[0] as ClaimedStream, error: 'slow', retryInMs: HOUR_MS })
    await store.releaseClaims(claims)
    const again = await claim()
    expect(again.map(({ stream }) => [stream.id, stream.attempts])).toEqual([[claims[1]?.stream.id, 1]])
    await store.releaseClaims([])
    await store.releaseClaims(again, HOUR_MS)
    expect(await claim()).toEqual([])
    expect((await store.nextDue(true)).retryInMs).toBeGreaterThan(HOUR_MS / 2)
  })

  test('a stream that was taken over is given back to be taken over again, alone', async () => {
    await put(routerOf({}), [event({ host: 'a', eventType: 'x.end' })])
    await claim('fire', LATER, -1)
    const takeOver = () =>
      store.claimOrphan({ kind: 'fire', now: NOW + 1, limit: 10, worker: 'w', leaseMs: 60_000 })
    const taken = await takeOver()
    expect(taken).toMatchObject({ takenOver: true, stream: { attempts: 2 } })
    expect(await takeOver()).toBeUndefined()
    await store.releaseClaims([taken as ClaimedStream])
    expect(await claim()).toEqual([])
    expect(await takeOver()).toMatchObject({ takenOver: true, stream: { attempts: 2 } })
  })

  test('the dead letter of a stream goes when it is reset, or deleted', async () => {
    const { store } = fixture
    await fixture.put(routerOf({}), [
      event({ host: 'a', eventType: 'test.end' }),
      event({ host: 'b', eventType: 'test.end' }),
    ])
    for (const claim of await fixture.claim())
      await store.failRun({ claim, error: 'no', retryInMs: undefined })
    expect(await store.countDeadLetters({})).toBe(2)
    await store.resetStreams('error', 1)
    expect((await store.listDeadLetters({}, PAGE)).map(({ body }) => String(body))).toEqual([
      expect.stringContaining('"stream_id":2'),
    ])
    await store.deleteStream(2)
    expect(await store.countDeadLetters({})).toBe(0)
  })

  test('the error state can be reset, its attempts forgotten', async () => {
    const router = routerOf({ expire_pipeline: 'gone' })
    await put(router, [event({ host: 'a' })])
    const [claimed] = await claim('expire')
    await store.failRun({ claim: claimed as ClaimedStream, error: 'boom', retryInMs: undefined })
    expect(await store.listStreams({ state: 'expire_error' }, PAGE)).toMatchObject([{ lastError: 'boom' }])
    expect(await store.resetStreams('error')).toBe(0)
    expect(await store.resetStreams('expire_error')).toBe(1)
    expect(await claim('fire')).toEqual([])
    expect(await claim('expire')).toMatchObject([{ stream: { attempts: 1 } }])
  })

  test('a stream whose pipeline fails for good is a dead letter, once, with the last reason', async () => {
    const router = routerOf({})
    await put(router, [event({ host: 'a', eventType: 'x.end' })])
    const [first] = await claim()
    await store.failRun({ claim: first as ClaimedStream, error: 'first', retryInMs: undefined })
    await store.resetStreams('error')
    const [second] = await claim()
    await store.failRun({ claim: second as ClaimedStream, error: 'second', retryInMs: undefined })
    // The lease of the first had gone long ago.
    await store.failRun({ claim: first as ClaimedStream, error: 'late', retryInMs: undefined })
    const letters = await store.listDeadLetters({}, PAGE)
    expect(letters).toMatchObject([{ stage: 'pipeline', reason: 'second', queue: null }])
    expect(JSON.parse(String(letters[0]?.body))).toEqual({ stream_id: 1, trigger: 'trigger', firing: 'fire' })
  })
})
