import { describe, expect, test } from 'vitest'
import { createApiApp } from '../../src/api/api-app.ts'
import { createClient } from '../../src/client/client.ts'
import { formatIso } from '../../src/domain/time.ts'
import { createHttpService } from '../../src/http/http-service.ts'
import { silentLogger } from '../../src/runtime/logger.ts'
import { DATABASES } from '../support/databases.ts'
import { at, event, routerOf } from '../support/events.ts'
import { NOW, StoreFixture } from '../support/store-fixture.ts'

const ROUTER = routerOf({})
const HOUR = 3_600_000_000

function of(host: string, eventType: string, hours: number, texts: { [trait: string]: string } = {}) {
  const traits = Object.fromEntries(
    Object.entries(texts).map(([name, value]) => [name, { type: 'text', value } as const]),
  )
  return event({ host, eventType, timestamp: NOW + hours * HOUR, traits })
}

describe.each(DATABASES)('a timeline over $name', ({ open }) => {
  const fixture = new StoreFixture(open)

  async function asking<T>(ask: (client: ReturnType<typeof createClient>) => Promise<T>): Promise<T> {
    const { store } = fixture
    const app = createApiApp({ store, logger: silentLogger, searchedTraits: ['host', 'request_id'] })
    const service = createHttpService(app, { host: '127.0.0.1', port: 0 })
    await service.start()
    try {
      return await ask(createClient({ url: `http://127.0.0.1:${service.address().port}` }))
    } finally {
      await service.stop()
    }
  }

  async function fill() {
    const events = [
      of('b', 'other', 0),
      of('a', 'x.end', 2, { state: 'done', request_id: 'r1' }),
      of('a', 'x.start', 1, { state: 'begun', request_id: 'r1' }),
    ]
    await fixture.put(ROUTER, events, NOW + 2 * HOUR)
  }

  test('has the events of a resource in order, with what changed, and its streams', async () => {
    await fill()
    const timeline = await asking((client) => client.timeline({ traits: { host: 'a' } }))
    expect(timeline).toMatchObject({
      traits: { host: 'a' },
      events: 2,
      is_truncated: false,
      has_more_streams: false,
    })
    expect(timeline.entries).toMatchObject([
      { kind: 'stream', what: 'opened', name: 'trigger' },
      { kind: 'event', event_type: 'x.start', changes: [] },
      { kind: 'event', event_type: 'x.end', changes: [{ trait: 'state', from: 'begun', to: 'done' }] },
      { kind: 'stream', what: 'fires' },
    ])
  })

  test('a bare value is looked for under the names of the traits that are searched', async () => {
    await fill()
    const found = await asking((client) => client.timeline({ of: ' r1 ' }))
    expect(found).toMatchObject({ traits: { request_id: 'r1' }, events: 2 })
    await expect(asking((client) => client.timeline({ of: 'nobody' }))).rejects.toThrow(
      'no event has "nobody" as host or request_id; traits=NAME:VALUE takes any trait',
    )
    await expect(asking((client) => client.timeline({}))).rejects.toThrow(
      'expected traits=NAME:VALUE, or of=VALUE',
    )
  })

  test('a period has only its events', async () => {
    await fill()
    const to = '2026-01-01T01:30:00'
    const { entries } = await asking((client) => client.timeline({ of: 'a', to }))
    expect(entries.filter(({ kind }) => kind === 'event')).toMatchObject([{ event_type: 'x.start' }])
  })

  test('of many streams the last stored ones are shown, and it is said that there are more', async () => {
    const router = routerOf({ distinguished_by: ['host', 'request_id'] })
    const many = Array.from({ length: 201 }, (_, index) => of('a', 'x', index, { request_id: `r${index}` }))
    await fixture.put(router, many, NOW)
    const opened = async (to: string | undefined) => {
      const { entries, has_more_streams } = await asking((client) => client.timeline({ of: 'a', to }))
      const streams = entries.flatMap((entry) => (entry.kind === 'stream' ? [entry.stream] : []))
      return [new Set(streams).size, Math.min(...streams), has_more_streams]
    }
    expect(await opened(undefined)).toEqual([200, 2, true])
    expect(await opened(formatIso(NOW + 199 * HOUR + 1))).toEqual([200, 1, false])
  })

  test('of many events the last stored ones are shown, and it is said that there are more', async () => {
    const many = Array.from({ length: 2001 }, (_, index) => of('a', `t${index % 5}`, index / 1000))
    await fixture.put(ROUTER, many, at('2026-01-01T00:00:00'))
    const timeline = await asking((client) => client.timeline({ of: 'a', fold: false }))
    expect(timeline).toMatchObject({ events: 2000, is_truncated: true })
    const [first] = timeline.entries.filter(({ kind }) => kind === 'event')
    expect(first).toMatchObject({ message_id: many[1]?.messageId })
  })
})
