import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { DEFAULT_LIMITS } from '../../src/runtime/client-limits.ts'
import { createSqlStore } from '../../src/store/sql-store.ts'
import { serveApi } from '../support/api.ts'
import { DATABASES } from '../support/databases.ts'
import { at, event, routerOf } from '../support/events.ts'
import { openApiCheck } from '../support/open-api.ts'

const NOW = at('2026-01-01T00:00:00')
const NAMES = [
  'older_than',
  'younger_than',
  'state',
  'trigger_name',
  'name',
  'distinguishing_traits',
  'mark',
  'limit',
  'details',
  'from_datetime',
  'to_datetime',
  'event_name',
  'traits',
  'nosuch',
]

/** Values that come near to what is meant, and any others. */
const value = fc.oneof(
  fc.string({ unit: 'binary' }).map((text) => text.toWellFormed()),
  fc.stringMatching(/^[-+ 0-9a-f]{0,20}$/),
  fc.integer().map(String),
  fc.double().map(String),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  fc.stringMatching(/^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.]{0,16})?([+-][0-9:]{0,6}|Z)?$/),
  fc.stringMatching(/^[\w ,;:.]{0,30}$/),
  fc.constantFrom('active', 'ERROR', 'host:h1', 'host:h1;n:3', 'trigger', 'a.start', '+', '-', ''),
)

const query = fc
  .array(fc.tuple(fc.constantFrom(...NAMES), value), { maxLength: 4 })
  .map((pairs) => new URLSearchParams(pairs).toString())

const path = fc.oneof(
  fc.constantFrom(
    '/v1/streams',
    '/v1/streams/count',
    '/v1/events',
    '/v1/events/count',
    '/v1/streams/1',
    '/v1/events/m',
  ),
  fc.string().map((id) => `/v1/streams/${encodeURIComponent(id.toWellFormed())}`),
  fc.string().map((id) => `/v1/events/${encodeURIComponent(id.toWellFormed())}`),
  fc.webPath(),
)

test.each(DATABASES)(
  'whatever is asked of $name: no fault of the server, no hang, always what the document says',
  async ({ open }) => {
    const database = await open()
    const store = await createSqlStore(database, { writer: 'test', indexedTraits: ['host'] })
    onTestFinished(() => store.close())
    const router = routerOf({})
    const arrivals = Array.from({ length: 50 }, (_, index) => {
      const one = event({
        host: `h${index % 5}`,
        timestamp: NOW + index,
        eventType: index % 2 ? 'a.start' : 'b',
      })
      return { event: one, at: NOW, keys: router.keysOf(one) }
    })
    await store.storeBatch({ arrivals, deadLetters: [] }, router)
    const limits = { ...DEFAULT_LIMITS, requestsPerMinute: 1e9 }
    const url = await serveApi({ store, limits })
    const check = await openApiCheck(url)
    const method = fc.constantFrom('GET', 'GET', 'GET', 'PUT', 'DELETE', 'POST', 'OPTIONS', 'PATCH')
    await fc.assert(
      fc.asyncProperty(method, path, query, async (how, where, asked) => {
        const response = await fetch(`${url}${where}?${asked}`, {
          method: how,
          signal: AbortSignal.timeout(20_000),
        })
        const text = await response.text()
        expect(response.status).toBeLessThan(500)
        const type = response.headers.get('content-type')
        // A dot in a path is taken out before it is sent.
        const sent = new URL(response.url).pathname
        expect(check(how, sent, { status: response.status, type, text })).toBeUndefined()
      }),
      { numRuns: 1000 },
    )
  },
)
