import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createApiApp } from '../../src/api/api-app.ts'
import { type Client, createClient } from '../../src/client/client.ts'
import { createHttpService, type HttpService } from '../../src/http/http-service.ts'
import { silentLogger } from '../../src/runtime/logger.ts'
import { DATABASES } from '../support/databases.ts'
import { event, routerOf } from '../support/events.ts'
import { StoreFixture } from '../support/store-fixture.ts'

const LETTERS = [
  { stage: 'decode', reason: 'not JSON', queue: 'q1', body: Buffer.from([0, 255, 1]) },
  {
    stage: 'distill',
    reason: 'trait size: "a" is not an Integer',
    queue: 'q1',
    body: Buffer.from('{"password": "hunter2"}'),
  },
  { stage: 'distill', reason: 'password=hunter2 refused', queue: 'q2', body: Buffer.from('3') },
]

describe.each(DATABASES)('dead letters of the API over $name', ({ open }) => {
  const fixture = new StoreFixture(open)
  let service: HttpService
  let client: Client

  beforeEach(async () => {
    await fixture.store.storeBatch({ arrivals: [], deadLetters: LETTERS }, routerOf())
    const app = createApiApp({ store: fixture.store, logger: silentLogger })
    service = createHttpService(app, { host: '127.0.0.1', port: 0 })
    await service.start()
    client = createClient({ url: `http://127.0.0.1:${service.address().port}` })
  })
  afterEach(() => service.stop())

  const reasons = async (query: Parameters<Client['listDeadLetters']>[0]) =>
    (await client.listDeadLetters(query)).map(({ reason }) => reason)

  test('are listed without bodies, the newest first, in pages without gaps', async () => {
    const listed = await client.listDeadLetters()
    expect(listed).toMatchObject([
      { stage: 'distill', queue: 'q2', bytes: 1 },
      { stage: 'distill', queue: 'q1', bytes: 23 },
      { stage: 'decode', queue: 'q1', bytes: 3 },
    ])
    expect(listed[0]).not.toHaveProperty('body')
    const paged: number[] = []
    for await (const { id } of client.deadLetters({ limit: 1 })) paged.push(id)
    expect(paged).toEqual(listed.map(({ id }) => id))
  })

  test('are chosen by stage, queue, reason and time', async () => {
    expect(await reasons({ stage: 'decode' })).toEqual(['not JSON'])
    expect(await reasons({ queue: 'q2' })).toEqual(['password=*** refused'])
    expect(await reasons({ reason: 'AN INTEGER' })).toHaveLength(1)
    expect(await reasons({ reason: '%' })).toEqual([])
    expect(await reasons({ from: '-1h', stage: 'distill' })).toHaveLength(2)
    expect(await reasons({ to: '-1h' })).toEqual([])
    expect(await client.countDeadLetters({ stage: 'distill' })).toBe(2)
  })

  test('have their bodies one by one, without secrets', async () => {
    const [, second, first] = await client.listDeadLetters()
    expect(await client.getDeadLetter(second?.id ?? 0)).toMatchObject({ body: '{"password": "***"}' })
    expect(await client.getDeadLetter(first?.id ?? 0)).toMatchObject({ body: { base64: 'AP8B' } })
    await expect(client.getDeadLetter(99)).rejects.toThrow('there is no dead letter 99')
  })

  test('are deleted one by one', async () => {
    const [newest] = await client.listDeadLetters()
    await client.deleteDeadLetter(newest?.id ?? 0)
    expect(await client.countDeadLetters()).toBe(2)
    await expect(client.deleteDeadLetter(newest?.id ?? 0)).rejects.toThrow('there is no dead letter')
  })

  test('of a stream are found by its number', async () => {
    const router = routerOf({})
    await fixture.put(router, [
      event({ host: 'a', eventType: 'x.end' }),
      event({ host: 'b', eventType: 'x.end' }),
    ])
    const claims = await fixture.claim()
    for (const claim of claims) {
      await fixture.store.failRun({ claim, error: `failed ${claim.stream.id}`, retryInMs: undefined })
    }
    const [claim] = claims
    expect(await reasons({ stream: claim?.stream.id })).toEqual([`failed ${claim?.stream.id}`])
    expect(await reasons({ stream: 12_345 })).toEqual([])
  })
})
