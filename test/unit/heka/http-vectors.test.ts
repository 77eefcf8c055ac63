import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { compileMatcher } from '../../../src/heka/matcher/compile-matcher.ts'
import { Counters } from '../../../src/heka/receivers/counters.ts'
import { createHttpReceiver, receiverRefusal } from '../../../src/heka/receivers/http-receiver.ts'
import { Intake } from '../../../src/heka/receivers/intake.ts'
import { createHttpService } from '../../../src/http/http-service.ts'
import { exchange, type RequestVector } from '../../support/heka/http-exchange.ts'
import { digestOf, type VectorDigest } from '../../support/heka/vectors.ts'
import { loadVectors } from '../../support/vectors.ts'

type HttpVector = {
  readonly id: string
  readonly group: string
  readonly title: string
  readonly kind: string
  readonly quirk?: string
  readonly strict?: { readonly status?: number }
  readonly request: RequestVector
  readonly settings?: { readonly [name: string]: string }
  readonly expect: {
    readonly responses: readonly {
      readonly status: number
      readonly headers: { readonly [name: string]: string }
      readonly body: string | { readonly counters: true }
    }[]
    readonly counters?: { readonly [name: string]: number }
    readonly relayed: readonly VectorDigest[]
  }
}

const { cases } = loadVectors<{ cases: readonly HttpVector[] }>('heka-http.json')
const requests = cases.filter(({ kind }) => kind === 'request')
/** Headers that are said otherwise on purpose: errors are JSON. */
const KEPT = ['content-length', 'x-content-type-options']

async function receive(vector: HttpVector) {
  const relayed: Buffer[] = []
  const counters = new Counters()
  const isAway = vector.settings?.broker !== undefined
  const { RCVR_MATCH_SPEC: spec } = vector.settings ?? {}
  const listener = createHttpReceiver({
    intake: new Intake(spec === undefined ? undefined : compileMatcher(spec)),
    publish: async (bytes, from, end) => {
      relayed.push(Buffer.from(bytes.subarray(from, end)))
    },
    isBroken: () => isAway,
    connect: async () => {
      throw new Error('the broker is away')
    },
    counters,
    mostMessageBytes: 21_504,
  })
  const service = createHttpService(listener, { host: '127.0.0.1', port: 0 }, '', {
    refusals: receiverRefusal,
    graceMs: 10,
  })
  await service.start()
  try {
    const count = Math.max(1, vector.expect.responses.length)
    const answer = await exchange(service.address().port, vector.request, count)
    return { ...answer, counters: counters.all(), relayed }
  } finally {
    await service.stop()
  }
}

describe('requests are answered as by the original, faults apart', () => {
  test.each(requests)('$id $title', async (vector) => {
    const { expect: wanted, strict, group, quirk } = vector
    const { responses, counters, relayed } = await receive(vector)
    if (strict?.status !== undefined) {
      expect(responses.map(({ status }) => status)).toEqual([strict.status])
      return
    }
    expect(responses.map(({ status }) => status)).toEqual(wanted.responses.map(({ status }) => status))
    for (const [index, { headers, body }] of responses.entries()) {
      const { headers: known = {}, body: text } = wanted.responses[index] ?? {}
      if (typeof text === 'string' && group !== 'http') expect(body).toBe(text)
      for (const [name, value] of Object.entries(known))
        if (KEPT.includes(name.toLowerCase())) expect(headers[name.toLowerCase()]).toBe(value)
    }
    expect(relayed.map((bytes, index) => digestOf(bytes, wanted.relayed[index]))).toEqual(wanted.relayed)
    if (wanted.counters && quirk === undefined) expect(counters).toEqual(wanted.counters)
  })
})

const NOTHING_EXPECTED = { responses: [{ status: 200, headers: {}, body: '' }], relayed: [] }
const ask = (request: RequestVector) =>
  receive({ id: '', group: '', title: '', kind: 'request', request, expect: NOTHING_EXPECTED })

test('a body that is packed is unpacked, one that grows too large is refused', async () => {
  const headers = { 'Content-Encoding': 'gzip' }
  const packed = await ask({ body: gzipSync(Buffer.from('3201704a0168', 'hex')).toString('hex'), headers })
  expect(packed.responses[0]?.status).toBe(200)
  expect(packed.relayed.map((bytes) => bytes.toString('hex'))).toEqual(['3201704a0168'])
  const bomb = await ask({ body: gzipSync(Buffer.alloc(1 << 20)).toString('hex'), headers })
  expect(bomb.responses[0]?.status).toBe(413)
  const broken = await ask({ body: '3201704a0168', headers })
  expect(broken.responses[0]?.status).toBe(400)
})

test.each([
  ['//x', '/x'],
  ['/a/../b?c=//d', '/b?c=//d'],
  ['/a/./b/', '/a/b/'],
])('the path %s is redirected to %s', async (path, location) => {
  const { responses } = await ask({ path, body: '' })
  expect([responses[0]?.status, responses[0]?.headers.location]).toEqual([301, location])
})
