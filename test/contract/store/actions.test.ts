import { describe, expect, test } from 'vitest'
import type { ActionKind } from '../../../src/domain/action.ts'
import { ActionLost, type HeldAction } from '../../../src/store/ports/actions.ts'
import type { StreamFilter } from '../../../src/store/ports/queries.ts'
import { DATABASES } from '../../support/databases.ts'
import { event, routerOf } from '../../support/events.ts'
import { finished, PAGE, StoreFixture } from '../../support/store-fixture.ts'

const END = 'test.end'

describe.each(DATABASES)('actions of $name', ({ open }) => {
  const fixture = new StoreFixture(open)

  const streamsOf = async (...hosts: string[]) => {
    await fixture.put(
      routerOf({}),
      hosts.map((host) => event({ host, eventType: END })),
    )
    return (await fixture.store.listStreams({}, PAGE)).map(({ id }) => id)
  }

  const failAll = async (reason: (host: string) => string) => {
    for (const claim of await fixture.claim()) {
      const host = claim.stream.distinguishingTraits.host
      const error = reason(host?.type === 'text' ? host.value : '')
      await fixture.store.failRun({ claim, error, retryInMs: undefined })
    }
  }

  const begin = async (kind: ActionKind, filter: StreamFilter = {}): Promise<HeldAction> => {
    const { store } = fixture
    const action = await store.createAction({ ...kind, filter: {}, token: 'anna', runner: 'r1', total: 0 })
    const portions = kind.target === 'streams' ? store.matchingStreams(filter) : store.matchingDeadLetters({})
    for await (const ids of portions) await store.addItems(action, ids)
    await store.beginAction(action)
    return action
  }

  const applyAll = async (action: HeldAction) => {
    while ((await fixture.store.applyToStreams(action, 2)) > 0);
    await fixture.store.endAction(action)
  }

  const results = async ({ id }: HeldAction) =>
    (await fixture.store.listResults(id, undefined, PAGE)).map(({ outcome, reason }) => [outcome, reason])

  test('reset streams by their last errors, and show those that fail again', async () => {
    const ids = await streamsOf('a', 'b', 'c', 'd')
    await failAll((host) => (host === 'd' ? '100%_other' : `Timeout of ${host}!`))
    expect(await fixture.store.countDeadLetters({})).toBe(4)
    const action = await begin(
      { target: 'streams', verb: 'reset' },
      { state: 'error', lastError: '*TIMEOUT of ?!' },
    )
    await applyAll(action)
    expect(await fixture.states()).toEqual(['retry_fire', 'retry_fire', 'retry_fire', 'error'])
    expect(await fixture.store.countDeadLetters({})).toBe(1)
    expect(await fixture.store.countOutcomes(action.id)).toMatchObject({ running: 3, done: 0, failed: 0 })
    const [one, two, three] = await fixture.claim()
    await fixture.store.finishRuns([finished(one!), finished(two!, true)], routerOf({}))
    await fixture.store.failRun({ claim: three!, error: 'again', retryInMs: undefined })
    expect(await fixture.store.countOutcomes(action.id)).toMatchObject({ running: 0, done: 2, failed: 1 })
    expect(await fixture.store.listResults(action.id, 'failed', PAGE)).toEqual([
      { item: ids[2], outcome: 'failed', reason: 'again' },
    ])
    expect(await fixture.store.findAction(action.id)).toMatchObject({
      ...{ target: 'streams', verb: 'reset', token: 'anna', state: 'done', total: 3 },
      endedAt: expect.any(Number),
    })
  })

  test.each([
    ['100%_o*', 1],
    ['0%_', 1],
    ['!*', 0],
    ['timeout', 3],
  ])('the filter of the last error %j matches %d', async (lastError, count) => {
    await streamsOf('a', 'b', 'c', 'd')
    await failAll((host) => (host === 'd' ? '100%_other' : `Timeout of ${host}!`))
    expect(await fixture.store.countStreams({ lastError }, PAGE)).toBe(count)
    expect(await fixture.store.countStreams({ attempts: { operator: '>=', value: 1 } }, PAGE)).toBe(4)
    expect(await fixture.store.countStreams({ attempts: { operator: '>', value: 1 } }, PAGE)).toBe(0)
  })

  test('leave a stream that a worker runs as it is, and say so', async () => {
    await streamsOf('a', 'b')
    await fixture.store.claimStreams({
      ...{ kind: 'fire', limit: 1, worker: 'w1', leaseMs: 60_000 },
      now: Number.MAX_SAFE_INTEGER,
    })
    const action = await begin({ target: 'streams', verb: 'delete' })
    await applyAll(action)
    expect(await fixture.states()).toEqual(['firing'])
    expect(await results(action)).toEqual([
      ['failed', 'the worker w1 is running the stream'],
      ['done', null],
    ])
  })

  test('fire and expire active streams at once, by whatever clock, and no others', async () => {
    const ids = await streamsOf('a', 'b')
    const [first, second] = ids as [number, number]
    await applyAll(await begin({ target: 'streams', verb: 'fire-now' }, { ids: [first] }))
    await applyAll(await begin({ target: 'streams', verb: 'expire-now' }, { ids: [second] }))
    expect((await fixture.claim('fire', 0)).map(({ stream }) => stream.id)).toEqual([first])
    expect((await fixture.claim('expire', 0)).map(({ stream }) => stream.id)).toEqual([second])
    const again = await begin({ target: 'streams', verb: 'reset' }, { ids: [first] })
    await applyAll(again)
    expect(await results(again)).toEqual([['failed', 'the worker w1 is running the stream']])
  })

  test('try waiting streams again at once, with the attempts that they had', async () => {
    await streamsOf('a')
    const [claim] = await fixture.claim()
    await fixture.store.failRun({ claim: claim!, error: 'later', retryInMs: 3_600_000 })
    expect(await fixture.claim()).toEqual([])
    await applyAll(await begin({ target: 'streams', verb: 'retry' }))
    expect((await fixture.claim()).map(({ stream }) => stream.attempts)).toEqual([2])
  })

  test('choose streams by traits too', async () => {
    await streamsOf('a', 'b')
    const traits = [{ name: 'host', values: [{ type: 'text', value: 'b' } as const] }]
    await applyAll(await begin({ target: 'streams', verb: 'fire-now' }, { traits }))
    expect(await fixture.states()).toEqual(['active', 'retry_fire'])
  })

  test('end at once when they are cancelled, and change nothing afterwards', async () => {
    await streamsOf('a', 'b', 'c')
    const action = await begin({ target: 'streams', verb: 'fire-now' })
    expect(await fixture.store.applyToStreams(action, 2)).toBe(2)
    expect(await fixture.store.cancelAction(action.id)).toBe(true)
    await expect(fixture.store.applyToStreams(action, 2)).rejects.toBeInstanceOf(ActionLost)
    expect(await fixture.states()).toEqual(['retry_fire', 'retry_fire', 'active'])
    expect(await fixture.store.cancelAction(action.id)).toBe(false)
    expect(await fixture.store.countOutcomes(action.id)).toMatchObject({ waiting: 1, running: 2 })
    expect(await fixture.store.findAction(action.id)).toMatchObject({ state: 'cancelled' })
  })

  test('are taken over from a process that is silent, which then changes nothing more', async () => {
    await streamsOf('a', 'b', 'c')
    const action = await begin({ target: 'streams', verb: 'fire-now' })
    expect(await fixture.store.applyToStreams(action, 1)).toBe(1)
    expect(await fixture.store.takeAction('r2', 60_000)).toBeUndefined()
    await fixture.store.releaseAction(action)
    const taken = (await fixture.store.takeAction('r2', 60_000)) as HeldAction
    expect(taken).toEqual({ ...action, runner: 'r2', state: 'running' })
    await expect(fixture.store.applyToStreams(action, 1)).rejects.toBeInstanceOf(ActionLost)
    await applyAll(taken)
    expect(await results(taken)).toEqual([
      ['running', null],
      ['running', null],
      ['running', null],
    ])
  })

  test('are not taken over by the process that runs them', async () => {
    await streamsOf('a')
    const { id } = await begin({ target: 'streams', verb: 'fire-now' })
    expect(await fixture.store.takeAction('r1', -60_000, [id])).toBeUndefined()
    expect(await fixture.store.takeAction('r1', -60_000)).toMatchObject({ id })
  })

  test('that ended long ago are deleted with their results', async () => {
    await streamsOf('a', 'b')
    const [old, young] = [
      await begin({ target: 'streams', verb: 'fire-now' }),
      await begin({ target: 'streams', verb: 'reset' }),
    ]
    await applyAll(old)
    await applyAll(young)
    const { db } = fixture.database
    await db.updateTable('action').set({ ended_at: 1 }).where('id', '=', old.id).execute()
    for (let time = 0; time < 3; time++) await fixture.store.trimActions()
    expect((await fixture.store.listActions(PAGE)).map(({ id }) => id)).toEqual([young.id])
    expect(await results(old)).toEqual([])
    const left = await db.selectFrom('action_result').select('action_id').distinct().execute()
    expect(left).toEqual([{ action_id: young.id }])
  })

  test('that were still choosing their items are interrupted, with nothing changed', async () => {
    await streamsOf('a')
    const { store } = fixture
    const kind = { target: 'streams', verb: 'delete' } as const
    const action = await store.createAction({ ...kind, filter: {}, token: null, runner: 'r1', total: 1 })
    await store.addItems(action, [1])
    await store.releaseAction(action)
    expect(await store.takeAction('r2', 60_000)).toMatchObject({ state: 'interrupted' })
    expect(await store.takeAction('r2', 60_000)).toBeUndefined()
    expect(await store.findAction(action.id)).toMatchObject({
      state: 'interrupted',
      error: 'the API that chose its items was stopped before anything was changed',
    })
    expect(await fixture.states()).toEqual(['active'])
  })

  test('of dead letters begin again with those that were begun', async () => {
    const letters = ['a', 'b', 'c'].map((text) => ({
      ...{ stage: 'decode', reason: text, queue: 'q', body: Buffer.from(text) },
    }))
    await fixture.store.storeBatch({ arrivals: [], deadLetters: letters }, routerOf({}))
    const action = await begin({ target: 'dead-letters', verb: 'drop' })
    const [first] = await fixture.store.nextDeadLetters(action, 1)
    await fixture.store.noteOutcomes(action, [{ item: first!.id, outcome: 'begun', reason: null }])
    expect(await fixture.store.nextDeadLetters(action, 9)).toEqual([{ id: first!.id, hasBegun: true }])
    await fixture.store.noteOutcomes(action, [{ item: first!.id, outcome: 'done', reason: null }])
    expect(await fixture.store.nextDeadLetters(action, 9)).toHaveLength(2)
    expect(await fixture.store.listActions({ ...PAGE, ascending: false })).toHaveLength(1)
  })
})
