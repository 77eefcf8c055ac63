import { describe, expect, test } from 'vitest'
import { explainStream } from '../../src/explain/stream/explain-stream.ts'
import { DATABASES } from '../support/databases.ts'
import { at, event, routerOf } from '../support/events.ts'
import { explainedBy } from '../support/explained.ts'
import { finished, HOUR_MS, NOW, StoreFixture } from '../support/store-fixture.ts'

const END = { event_type: '*.end', traits: { state: 'active' } }
const ROUTER = routerOf({
  fire_criteria: [{ event_type: 'test.start' }, { ...END, number: 2 }],
  fire_delay: 60,
  expire_pipeline: 'late',
})

const started = () => event({ host: 'a', eventType: 'test.start' })
const ended = (state: string) =>
  event({ host: 'a', eventType: 'test.end', traits: { state: { type: 'text', value: state } } })

describe.each(DATABASES)('an explanation of a stream on $name', ({ open }) => {
  const fixture = new StoreFixture(open)
  const { put, claim } = fixture

  const explain = (router = ROUTER, now = NOW) => explainedBy(fixture.store, router, now)

  test('names the criteria that are not met, and the events that nearly met them', async () => {
    const [bad, worse] = [ended('error'), ended('error')]
    await put(ROUTER, [started(), ended('active'), bad, worse])
    const explanation = await explain()
    expect(explanation.why).toEqual([
      'It has not fired: 1 of 2 fire criteria is not met.',
      'It expires at 2026-01-01T01:00:00, in 60 minutes unless further events join it; the pipeline late runs then.',
    ])
    expect(explanation.fire_criteria).toMatchObject([
      { criterion: 'event_type: test.start', needed: 1, seen: 1, is_met: true, misses: [] },
      {
        criterion: 'event_type: "*.end", traits: {state: active}',
        needed: 2,
        seen: 1,
        is_met: false,
        misses: [
          { reason: 'trait state is not "active"', events: 2, latest: { message_id: worse.messageId } },
        ],
      },
    ])
  })

  test('names the types of the events where a criterion accepts none of them', async () => {
    await put(ROUTER, [started()])
    const [, end] = (await explain()).fire_criteria
    expect(end).toMatchObject({ seen: 0, misses: [], other_types: ['test.start'] })
  })

  test('tells when a stream that is ready fires, and that no worker has taken one that is due', async () => {
    await put(ROUTER, [started(), ended('active'), ended('active')])
    expect((await explain()).why).toEqual([
      'Its fire criteria are met; it fires at 2026-01-01T00:01:00, in 60 seconds (fire_delay: 60 s); the pipeline fire runs then.',
    ])
    const late = await explain(ROUTER, at('2026-01-01T00:02:00'))
    expect(late.why[0]).toMatch(/it has been due since 2026-01-01T00:01:00, and no worker has taken it/)
  })

  test('names the worker that runs a stream, the next try, and the error of the last run', async () => {
    await put(ROUTER, [started(), ended('active'), ended('active')])
    const [first] = await claim()
    if (!first) throw new Error('nothing was claimed')
    expect((await explain()).why[0]).toMatch(
      /^Its fire_pipeline is run by the worker w1, whose lease runs for \d+ minutes more\.$/,
    )
    await fixture.store.failRun({
      claim: first,
      error: 'webhook: Error: refused\n  at there',
      retryInMs: HOUR_MS,
    })
    const failed = await explain()
    expect(failed.why[0]).toMatch(/^1 run of its pipeline failed; it runs again in \d+ minutes\.$/)
    expect(failed).toMatchObject({ attempts: 1, last_error: 'webhook: Error: refused\n  at there' })
  })

  test('says how a stream that failed for good is run again', async () => {
    await put(ROUTER, [started(), ended('active'), ended('active')])
    const [first] = await claim()
    if (!first) throw new Error('nothing was claimed')
    await fixture.store.failRun({ claim: first, error: 'it broke', retryInMs: undefined })
    const { why, id } = await explain()
    expect(why).toEqual([
      `Its fire_pipeline failed in 1 run and is not run again by itself; klugman streams --id ${id} --reset runs it again.`,
    ])
  })

  test('says that a stream fired where that is certain: a worker took it when it was due, and its run ended it', async () => {
    const ready = routerOf({ fire_criteria: [{ event_type: 'test.start' }] })
    await put(ready, [started()])
    await fixture.store.finishRuns(
      (await claim()).map((one) => finished(one)),
      ready,
    )
    expect((await explain()).why[0]).toBe('It fired, and its pipeline has run.')
  })

  test('does not say whether a stream fired that an operator set going', async () => {
    const { store } = fixture
    await put(ROUTER, [started()])
    const kind = { target: 'streams', verb: 'fire-now' } as const
    const action = await store.createAction({ ...kind, filter: {}, token: null, runner: 'r1', total: 1 })
    for await (const ids of store.matchingStreams({})) await store.addItems(action, ids)
    await store.beginAction(action)
    await store.applyToStreams(action, 10)
    expect((await explain()).why[0]).toMatch(
      /^An operator set it going, or a worker gave it back; it runs as soon/,
    )
    await store.finishRuns(
      (await claim()).map((one) => finished(one)),
      ROUTER,
    )
    expect((await explain()).why[0]).toBe('It is completed: its pipeline has run.')
  })

  test('says that criteria have changed since the last event, and that a trigger is not configured', async () => {
    await put(ROUTER, [started(), ended('error')])
    const changed = await explain(routerOf({ fire_criteria: [{ event_type: 'other' }] }))
    expect(changed.fire_criteria).toMatchObject([{ criterion: 'event_type: other', seen: null }])
    const gone = await explain(routerOf({ name: 'another' }))
    expect(gone.why.at(-1)).toBe('The configuration has no trigger trigger: its criteria cannot be shown.')
  })

  test('says who holds the event clock', async () => {
    await put(ROUTER, [started()])
    const [stream] = await fixture.store.listStreams({}, { limit: 1, mark: undefined, ascending: true })
    if (!stream) throw new Error('there is no stream')
    const wallNow = at('2026-01-04T00:00:00')
    const hold = { queue: 'q', consumer: 'c1', why: 'backlog', at: NOW, since: NOW } as const
    const clock = { mode: 'auto', now: NOW, wallNow, holds: [hold] } as const
    const { why } = await explainStream(
      { stream, claim: undefined, trigger: ROUTER.triggers[0], clock },
      fixture.store.eventsOfStream(stream.id, {}),
    )
    expect(why.at(-1)).toMatch(
      /the event clock is held at 2026-01-01T00:00:00, 3 days behind: for queue q c1/,
    )
  })
})
