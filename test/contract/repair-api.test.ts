import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { type Client, createClient } from '../../src/client/client.ts'
import { createArrivalClock } from '../../src/clock/arrival-clock.ts'
import type { ConsumerApp } from '../../src/consumer/apps/app.ts'
import { type RetryQueue, retryDeadLetter } from '../../src/consumer/retry-dead-letter.ts'
import { compileDefinitions } from '../../src/distiller/definition.ts'
import { createDistiller } from '../../src/distiller/distiller.ts'
import { TransientError } from '../../src/domain/errors.ts'
import { ActionRunner } from '../../src/repair/action-runner.ts'
import { silentLogger } from '../../src/runtime/logger.ts'
import { serveApi } from '../support/api.ts'
import { DATABASES } from '../support/databases.ts'
import { event, routerOf } from '../support/events.ts'
import { PAGE, StoreFixture } from '../support/store-fixture.ts'

const message = (id: string, size: unknown) =>
  Buffer.from(
    JSON.stringify({
      ...{ event_type: 'x.end', message_id: id, timestamp: '2026-01-01 00:00:00' },
      ...{ publisher_id: 'p', payload: { size, host: 'a', password: 'hunter2' } },
    }),
  )

describe.each(DATABASES)('repair over the API of $name', ({ open }) => {
  const fixture = new StoreFixture(open)
  let client: Client
  let url: string
  let hasDefinitions: boolean
  let queue: RetryQueue | undefined
  let runnerOf: (name: string) => ActionRunner
  let runner: ActionRunner
  /** called before each retry */
  let onRetry: () => Promise<unknown>

  beforeEach(async () => {
    const { store } = fixture
    const router = routerOf({})
    hasDefinitions = true
    queue = undefined
    onRetry = async () => {}
    const context = {
      ...{ store, router, clock: createArrivalClock(), maxMessageBytes: 1e6, logger: silentLogger },
      ...{ encode: store.encode, queueOf: () => queue, patienceMs: 50 },
      distiller: createDistiller(
        compileDefinitions(
          [
            {
              event_type: 'x.*',
              traits: { size: { fields: 'payload.size', type: 'int' }, host: { fields: 'payload.host' } },
            },
          ] as never,
          () => {},
        ),
        { catchAll: false },
      ),
    }
    runnerOf = (name) =>
      new ActionRunner({
        ...{ store, name, logger: silentLogger, silenceMs: 300 },
        async retryLetter(letter, body) {
          await onRetry()
          return retryDeadLetter(letter, { ...context, hasDefinitions } as never, body)
        },
      })
    runner = runnerOf('api')
    onTestFinished(() => runner.stop())
    url = await serveApi({ store, runner, access: { read: ['reader'], write: ['anna wr1ter', 'nameless'] } })
    client = createClient({ url, token: 'wr1ter' })
    const letters = [message('m1', 'a'), message('m2', 7), message('m3', 'b')].map((body) => ({
      ...{ stage: 'distill', reason: 'size: not an int', queue: 'q', body },
    }))
    await store.storeBatch({ arrivals: [], deadLetters: letters }, router)
  })

  const ids = async () => (await client.listDeadLetters({ mark: '+' })).map(({ id }) => id)
  const ended = async (id: number) => {
    await vi.waitFor(async () => expect((await client.getAction(id)).ended_at).not.toBeNull(), 20_000)
    return client.getAction(id)
  }

  test('a dead letter goes where its message is stored, and stays with the new reason where it fails again', async () => {
    const [first, second] = (await ids()) as [number, number]
    expect(await client.retryDeadLetter(second)).toEqual({ outcome: 'stored', description: 'stored' })
    expect(await client.retryDeadLetter(first)).toMatchObject({ outcome: 'failed', stage: 'distill' })
    expect(await ids()).toHaveLength(2)
    expect((await client.getDeadLetter(first)).reason).toMatch(/size/)
    expect((await fixture.store.listEvents({}, PAGE)).map(({ messageId }) => messageId)).toEqual(['m2'])
    await expect(client.retryDeadLetter(second)).rejects.toThrow('there is no dead letter')
  })

  test('an edited body is driven in; a letter whose edited body fails stays as it was', async () => {
    const [first] = (await ids()) as [number]
    expect(await client.getDeadLetterBody(first)).toEqual(message('m1', 'a'))
    expect(await client.retryDeadLetter(first, Buffer.from('{'))).toMatchObject({ stage: 'decode' })
    expect(await client.getDeadLetter(first)).toMatchObject({ stage: 'distill', reason: 'size: not an int' })
    const large = Buffer.concat([message('m1', 5), Buffer.alloc(200_000, ' ')])
    expect(await client.retryDeadLetter(first, large)).toMatchObject({ outcome: 'stored' })
    expect(await fixture.store.findEvent('m1')).toMatchObject({ traits: { size: { type: 'int', value: 5 } } })
  })

  test('a letter that no definition matches goes; without any definition it stays', async () => {
    const unknown = { event_type: 'y', message_id: 'm9', timestamp: '2026-01-01 00:00:00', payload: {} }
    const letter = { stage: 'distill', reason: 'r', queue: 'q', body: Buffer.from(JSON.stringify(unknown)) }
    await fixture.store.storeBatch({ arrivals: [], deadLetters: [letter] }, routerOf({}))
    const id = (await ids()).at(-1) as number
    hasDefinitions = false
    expect(await client.retryDeadLetter(id)).toMatchObject({ outcome: 'failed', stage: 'distill' })
    expect((await client.getDeadLetter(id)).reason).toContain('no event definitions')
    hasDefinitions = true
    expect(await client.retryDeadLetter(id)).toMatchObject({ outcome: 'dropped' })
    expect(await ids()).not.toContain(id)
  })

  test('a message that was never read goes to the apps of its queue, and stays while one is away', async () => {
    const given: string[] = []
    let isAway = true
    const app: ConsumerApp = {
      async handleMessages(messages) {
        if (isAway) throw new TransientError('away')
        given.push(...messages.map(({ messageId }) => messageId ?? ''))
        return messages.map(() => undefined)
      },
    }
    const all = () => true
    const plan = { hasArchive: false, archives: all, stores: all, keepsMessages: true }
    queue = { plan, apps: [{ name: 'mine', app, accepts: all }] }
    const letter = { stage: 'size', reason: 'too large', queue: 'q', body: message('m9', 9) }
    await fixture.store.storeBatch({ arrivals: [], deadLetters: [letter] }, routerOf({}))
    const [read, unread] = [(await ids())[1] as number, (await ids()).at(-1) as number]
    expect(await client.retryDeadLetter(unread)).toMatchObject({
      outcome: 'failed',
      description: expect.stringContaining('an app of its queue is away and has not taken it'),
    })
    expect(await fixture.store.findEvent('m9')).toBeUndefined()
    isAway = false
    expect(await client.retryDeadLetter(unread)).toEqual({ outcome: 'stored', description: 'stored' })
    // The apps had this one when it was read.
    expect(await client.retryDeadLetter(read)).toMatchObject({ outcome: 'stored' })
    expect(given).toEqual(['m9'])
  })

  test('where the queue is not configured it is said that apps may miss the message', async () => {
    const remark = 'apps of queue q, if it has any, did not get it: this configuration has no such queue'
    const letter = { stage: 'size', reason: 'too large', queue: 'q', body: message('m9', 9) }
    await fixture.store.storeBatch({ arrivals: [], deadLetters: [letter] }, routerOf({}))
    expect(await client.retryDeadLetter((await ids()).at(-1) as number)).toEqual({
      outcome: 'stored',
      description: `stored; ${remark}`,
      remark,
    })
  })

  test('a letter of a stream takes no other body', async () => {
    await fixture.put(routerOf({}), [event({ host: 'a', eventType: 'test.end' })])
    const [claim] = await fixture.claim()
    await fixture.store.failRun({ claim: claim!, error: 'no', retryInMs: undefined })
    const id = (await ids()).at(-1) as number
    const body = Buffer.from('{"stream_id": 99, "firing": "fire"}')
    await expect(client.retryDeadLetter(id, body)).rejects.toThrow('about a stream and takes no other body')
    expect(await client.retryDeadLetter(id)).toMatchObject({ outcome: 'reset' })
  })

  test('a bulk retry that is cancelled ends after the letter in hand, whose outcome is kept', async () => {
    onRetry = () => client.cancelAction(1)
    const { id } = await client.beginDeadLetterAction({ action: 'retry', filter: { ids: [2, 3] } })
    const results = async () => (await client.getAction(id)).outcomes
    await vi.waitFor(async () => expect(await results()).toMatchObject({ done: 1, begun: 1 }), 20_000)
    expect(await ids()).toEqual([1, 3])
    expect(await client.getAction(id)).toMatchObject({ state: 'cancelled' })
  })

  test('the action of a server that was stopped stays running, and another server ends it', async () => {
    let retries = 0
    onRetry = async () => {
      retries++
      // Called while a letter is in hand; it ends when that is done.
      if (retries === 1) void runner.stop()
    }
    const { id } = await client.beginDeadLetterAction({ action: 'retry', filter: {} })
    await vi.waitFor(() => expect(retries).toBe(1), 20_000)
    await runner.stop()
    expect(await client.getAction(id)).toMatchObject({ state: 'running', ended_at: null })
    const other = runnerOf('api-2')
    onTestFinished(() => other.stop())
    await other.start()
    expect(await ended(id)).toMatchObject({ state: 'done', outcomes: { done: 1, failed: 2, waiting: 0 } })
    expect(retries).toBe(3)
  })

  test('a token that may only read neither retries nor gets bodies with their secrets', async () => {
    const reader = createClient({ url, token: 'reader' })
    const [first] = (await ids()) as [number]
    await expect(reader.getDeadLetterBody(first)).rejects.toThrow('needs one that may write')
    await expect(reader.retryDeadLetter(first)).rejects.toThrow('needs one that may write')
    await expect(reader.beginStreamAction({ action: 'delete', filter: {} })).rejects.toThrow('may write')
    const large = await fetch(`${url}/v1/dead-letters/${first}/retry`, {
      method: 'POST',
      body: Buffer.alloc(200_000),
    })
    expect(large.status).toBe(401)
  })

  test('dead letters are retried in bulk, which is recorded with the name of the token', async () => {
    const action = { action: 'retry', filter: { stage: 'distill', reason: '*NOT an int' } } as const
    expect(await client.countDeadLetterAction(action)).toBe(3)
    expect(await client.listActions()).toEqual([])
    const { id } = await client.beginDeadLetterAction(action)
    expect(await ended(id)).toMatchObject({
      ...{ target: 'dead-letters', action: 'retry', token: 'anna', state: 'done', total: 3 },
      filter: { stage: 'distill', reason: '*NOT an int' },
      outcomes: { done: 1, failed: 2, waiting: 0, begun: 0 },
    })
    const failed = await Array.fromAsync(client.actionResults(id, { outcome: 'failed' }))
    expect(failed.map((one) => one.id)).toEqual(await ids())
    expect(failed[0]?.reason).toMatch(/^failed again, distill: /)
    const dropped = await client.beginDeadLetterAction({
      action: 'drop',
      filter: { ids: failed.map((one) => one.id) },
    })
    expect(await ended(dropped.id)).toMatchObject({ outcomes: { done: 2 } })
    expect(await ids()).toEqual([])
  })

  test('streams are deleted in bulk by a filter', async () => {
    await fixture.put(routerOf({}), [event({ host: 'a' }), event({ host: 'b' })])
    const filter = { distinguishingTraits: { host: 'b' } }
    const nameless = createClient({ url, token: 'nameless' })
    const { id } = await nameless.beginStreamAction({ action: 'delete', filter })
    expect(await ended(id)).toMatchObject({
      outcomes: { done: 1 },
      token: expect.stringMatching(/^sha256:[0-9a-f]{12}$/),
    })
    expect(await client.countStreams()).toBe(1)
    await expect(client.cancelAction(id)).rejects.toThrow(`action ${id} has ended: it is done`)
    await expect(client.cancelAction(99)).rejects.toThrow('there is no action 99')
  })

  const post = async (body: unknown, headers: { [name: string]: string } = {}) => {
    const response = await fetch(`${url}/v1/streams/actions`, {
      method: 'POST',
      headers: { authorization: 'Bearer wr1ter', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
    return [response.status, ((await response.json()) as { detail: string }).detail]
  }

  test('what would do more than was meant is refused', async () => {
    expect(await post({ action: 'delete', filter: { stat: 'error' } })).toEqual([
      400,
      expect.stringMatching(/^stat: "error" is not allowed, expected one of the parameters ids, /),
    ])
    expect(await post({ action: 'delete', filter: { state: ' ' } })).toEqual([
      400,
      expect.stringMatching(/^state: /),
    ])
    expect(await post({ action: 'delete', filter: { trigger_name: 'a', name: 'b' } })).toEqual([
      400,
      'name: "b" is not allowed, expected no name beside trigger_name, which means the same',
    ])
    expect(await post({ action: 'delete', filter: { name: 'b' }, dry_run: true })).toEqual([200, undefined])
    expect(await post({ action: 'delete' })).toEqual([400, expect.stringMatching(/^the body, filter: /)])
    expect(await post({ action: 'burn', filter: {} })).toEqual([
      400,
      expect.stringMatching(/^the body, action: /),
    ])
    expect(await post('no JSON')).toEqual([400, 'the body is not JSON'])
    expect(await post({ action: 'delete', filter: {} }, { origin: 'https://elsewhere.example' })).toEqual([
      403,
      'pages of other sites may not ask for changes',
    ])
  })
})
