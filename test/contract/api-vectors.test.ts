import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createApiApp } from '../../src/api/api-app.ts'
import { importDatabase } from '../../src/dump/import-database.ts'
import { createHttpService, type HttpService } from '../../src/http/http-service.ts'
import { silentLogger } from '../../src/runtime/logger.ts'
import { openRestore } from '../../src/store/copy/restore.ts'
import { createSqlStore } from '../../src/store/sql-store.ts'
import type { Store } from '../../src/store/store.ts'
import { DATABASES } from '../support/databases.ts'
import { type AnswerCheck, openApiCheck } from '../support/open-api.ts'
import { loadVectors, vectorFile } from '../support/vectors.ts'

type Request = { request: string; status: number; body?: unknown }
type File = {
  requests: Request[]
  db: {
    events: { id: number; traits: { [name: string]: { value: unknown } } }[]
    streams: { id: number; state: string }[]
  }
}

const { requests, db } = loadVectors<File>('api.json')

type Answer = { status: number; body?: unknown }

/** The answer to another request of the file. */
function sameAs(request: string): Answer {
  const { status, body } = requests.find((one) => one.request === request) as Request
  return { status, body }
}

/** As the README of the vectors says: what we answer otherwise, by what was asked. */
const DIFFERENCES: { readonly [request: string]: Answer } = {
  'GET /v1/streams?name=usage&limit=2': { status: 200, body: listOf('name', 'usage').slice(0, 2) },
  'GET /v1/streams?distinguishing_traits=pool_id%3Apool-02%2Cregion%3Awest': sameAs(
    'GET /v1/streams?distinguishing_traits=pool_id%3Apool-02%3Bregion%3Awest',
  ),
  'GET /v1/streams?distinguishing_traits=ratio:0.5': {
    status: 200,
    body: listed('GET /v1/streams').filter(({ distinguishing_traits: { ratio } }) => ratio === 0.5),
  },
  'GET /v1/events?traits=note%3Ak%3Av': { status: 200, body: withNote('k:v') },
  'GET /v1/events?traits=note:x,y': { status: 200, body: withNote('x,y') },
  'GET /v1/events?limit=2&mark=+bc': sameAs('GET /v1/events?limit=2&mark=%2Bbc'),
  'GET /v1/streams/2?details=false': sameAs('GET /v1/streams/2'),
  'GET /v1/streams?limit=-1': { status: 400 },
  'GET /v1/events?limit=many': { status: 400 },
  'HEAD /v1/streams?limit=1': { status: 200 },
}

type Listed = { id: number; name: string; distinguishing_traits: { [name: string]: unknown } }

function listed(request: string): Listed[] {
  return sameAs(request).body as Listed[]
}

function listOf(field: 'name', value: string): Listed[] {
  return listed('GET /v1/streams').filter((one) => one[field] === value)
}

/** Events by a trait, in the form of lists. */
function withNote(note: string): unknown[] {
  const marks = db.events.filter(({ traits }) => traits.note?.value === note).map(({ id }) => id.toString(16))
  return marks.reverse().map((_mark) => expect.objectContaining({ _mark, note }))
}

/** Streams that were not in an error state when they were reset. */
const SOUND = new Set(
  db.streams
    .filter(({ state }) => !['error', 'expire_error'].includes(state))
    .map(({ id }) => `PUT /v1/streams/${id}`),
)

function expectedOf({ request, status, body }: Request): Answer {
  const difference = DIFFERENCES[request]
  if (difference) return difference
  if (SOUND.has(request)) return { status: 409 }
  const isMissing = /^GET \/v1\/streams\/-?\d+/.test(request) && JSON.stringify(body) === '[]'
  if (isMissing) return { status: 404 }
  if (status !== 500) return { status, body }
  const isOfStream = /^(PUT|DELETE) \/v1\/streams\/\d+$/.test(request)
  return { status: isOfStream ? 404 : 400 }
}

describe.each(DATABASES)('on $name', ({ open }) => {
  let store: Store
  let service: HttpService
  let check: AnswerCheck

  beforeAll(async () => {
    const database = await open()
    await importDatabase(
      vectorFile('api.json'),
      await openRestore(database, ['pool_id']),
      new AbortController().signal,
      () => {},
    )
    store = await createSqlStore(database, {})
    const app = createApiApp({ store, logger: silentLogger })
    service = createHttpService(app, { host: '127.0.0.1', port: 0 })
    await service.start()
    check = await openApiCheck(`http://127.0.0.1:${service.address().port}`)
  })

  afterAll(async () => {
    await service.stop()
    await store.close()
  })

  test.each(requests.map((one) => [one.request, one] as const))('%s', async (request, one) => {
    const [method, path] = request.split(/ (.*)/) as [string, string]
    const response = await fetch(`http://127.0.0.1:${service.address().port}${path}`, { method })
    const text = await response.text()
    const type = response.headers.get('content-type')
    expect(check(method, path, { status: response.status, type, text })).toBeUndefined()
    const expected = expectedOf(one)
    expect(response.status).toBe(expected.status)
    if (expected.status >= 400) {
      if (method !== 'HEAD')
        expect(JSON.parse(text)).toMatchObject({ status: expected.status, detail: expect.any(String) })
      expect(response.headers.get('content-type')).toContain('application/problem+json')
    } else if (expected.body !== undefined && expected.body !== null) {
      expect(JSON.parse(text)).toEqual(expected.body)
      expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8')
    } else expect(text).toBe('')
  })
})
