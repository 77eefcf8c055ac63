import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseModel } from '../../../src/status/tree/decode.ts'
import { compactForm, jsonForm } from '../../../src/status/tree/encode.ts'
import { StatusModel, type StatusModelOptions } from '../../../src/status/tree/status-model.ts'

let now = 0
const createModel = (options: Partial<StatusModelOptions> = {}) => {
  now = 0
  return new StatusModel({ now: () => now, ...options })
}
const received = (
  key: string,
  status: Partial<{ value: string; age: number; ttl: number; since: number }>,
) => ({
  key,
  status: { value: 'v', age: 0, ttl: 600, ...status },
})

test('the index counts stored keys, removals, and sweeps that found something', () => {
  const model = createModel()
  model.report('kiln.state', 'cold', 10)
  model.report('kiln.state', 'cold', 10)
  expect(model.index).toBe(2)
  model.report('kiln.state', 'hot', 0)
  expect([model.index, model.get('kiln.state')?.value]).toEqual([2, 'cold'])
  expect([model.remove('kiln.none'), model.index]).toEqual([false, 2])
  expect([model.remove('kiln.state'), model.index]).toEqual([true, 3])
  model.report('kiln.aa', '', 10)
  model.report('kiln.bb', '', 10)
  expect([model.sweep(), model.index]).toEqual([0, 5])
  now = 10_000
  expect([model.sweep(), model.index, model.size]).toEqual([2, 6, 0])
})

test('what is over is not returned, before any sweep', () => {
  const model = createModel()
  model.report('kiln.state', 'cold', 10)
  now = 9999
  expect(model.get('kiln.state')).toEqual({
    key: 'kiln.state',
    value: 'cold',
    age: 9.999,
    ttl: 10,
    since: 9.999,
  })
  now = 10_000
  expect(model.get('kiln.state')).toBeUndefined()
  expect(model.statuses()).toEqual([])
})

test.each(['', 'a', '.a', 'a.', 'a b', 'ünder', 'ab/', '/ab', 'ab//cd', 'ab/c'])(
  'own key %j is refused',
  (key) => {
    expect(() => createModel().report(key, '')).toThrow('expected parts of two letters')
  },
)

test('keys of others are refused one by one, and counted', () => {
  const model = createModel({ limits: { keyLength: 20, depth: 3, valueLength: 5 } })
  model.report('own.key', 'mine')
  const refused = model.take([
    received('a b', {}),
    received('long'.repeat(9), {}),
    received('aa/bb/cc/dd', {}),
    received('ab', { value: 'longer' }),
    received('own.key', { value: 'them' }),
    { key: 'ef', status: null },
    received('cd', {}),
  ])
  expect(refused).toBe(6)
  expect(Object.fromEntries(model.refusals())).toEqual({
    contract: 1,
    key_length: 1,
    depth: 1,
    value_length: 1,
    own: 1,
    null: 1,
  })
  expect(model.statuses().map(({ key, value }) => [key, value])).toEqual([
    ['own.key', 'mine'],
    ['cd', 'v'],
  ])
})

test('a child that sends too many keys does not take the place of others', () => {
  const model = createModel({ limits: { keys: 10 } })
  model.report('own.key', 'mine')
  const flood = Array.from({ length: 1000 }, (_, index) => received(`bad/k${index}`, {}))
  model.take(flood)
  expect(model.size).toBe(10)
  expect(model.take([received('good/aa', {}), received('good/bb', {})])).toBe(0)
  expect(model.statuses({ prefix: 'good/' })).toHaveLength(2)
  expect(model.get('own.key')?.value).toBe('mine')
  expect(model.size).toBe(10)
  expect(model.refusals().get('full')).toBe(991 + 2)
})

test('keys that name no child displace nobody either, nor do own keys go', () => {
  const model = createModel({ limits: { keys: 10 } })
  model.report('own.key', 'mine')
  model.report('sub/own.key', 'mine')
  model.take(Array.from({ length: 1000 }, (_, index) => received(`k${index}`, {})))
  expect(model.take([received('good/aa', {})])).toBe(0)
  model.take(Array.from({ length: 1000 }, (_, index) => received(`sub/k${index}`, {})))
  expect(model.get('own.key')?.value).toBe('mine')
  expect(model.get('sub/own.key')?.value).toBe('mine')
  expect(model.get('good/aa')).toBeDefined()
  model.report('own.other', 'mine')
  expect([model.get('own.other')?.value, model.size]).toEqual(['mine', 10])
})

test('who has few large values gives way, not who has many small ones', () => {
  const model = createModel({ limits: { characters: 1000 } })
  model.take(Array.from({ length: 20 }, (_, index) => received(`small/k${index}`, {})))
  model.take(Array.from({ length: 9 }, (_, index) => received(`large/k${index}`, { value: 'x'.repeat(150) })))
  expect(model.statuses({ prefix: 'large/' })).toHaveLength(5)
  expect(model.take([received('new/kk', { value: 'x'.repeat(200) })])).toBe(0)
  expect(model.statuses({ prefix: 'small/' })).toHaveLength(20)
  expect(model.statuses({ prefix: 'large/' })).toHaveLength(3)
})

test('children are bounded too', () => {
  const few = createModel({ limits: { children: 3 } })
  few.take(Array.from({ length: 9 }, (_, index) => received(`c${index}/kk`, {})))
  expect(few.statuses().map(({ key }) => key)).toEqual(['c0/kk', 'c1/kk', 'c2/kk'])
})

test('keys of many thousand parts cost no time', () => {
  const model = createModel()
  expect(model.take([received('aa/bb/'.repeat(500_000), {}), received(`${'a'.repeat(4e6)}!`, {})])).toBe(2)
})

test('a child is kept to its prefix', () => {
  const model = createModel()
  expect(
    model.take([received('west/aa', {}), received('east/aa', {}), received('west', {})], { prefix: 'west' }),
  ).toBe(2)
  expect(model.statuses().map(({ key }) => key)).toEqual(['west/aa'])
  expect(model.refusals().get('prefix')).toBe(2)
})

test.each([
  ['bb/aa/k1', 'aa', true],
  ['bb/aa/cc/k1', 'aa', true],
  ['bb/k1/aa', 'aa', false],
  ['host/worker/k1', 'host/worker', true],
  ['host/consumer/k1', 'host/worker', false],
  ['mysql/mysql/k1', '', false],
  ['mysql/mysql/mysql/k1', '', true],
  ['aa/bb/aa/k1', '', false],
  ['aa/bb/aa/bb/k1', '', true],
  ['xx/aa/bb/cc/aa/bb/cc/k1', '', true],
])('%s at %j comes from a ring: %s', (key, name, isRing) => {
  const model = createModel({ name })
  expect(model.take([received(key, {})])).toBe(isRing ? 1 : 0)
  expect(model.refusals().get('ring')).toBe(isRing ? 1 : undefined)
})

test('a ring of two processes that have no name for each other comes to rest', () => {
  const models = [createModel(), createModel()]
  models[0]?.report('kiln.state', 'hot')
  for (let round = 0; round < 50; round++)
    for (const [index, model] of models.entries()) {
      const other = models[1 - index] as StatusModel
      other.take(
        model.statuses().map(({ key, ...status }) => ({ key, status })),
        { name: `m${index}` },
      )
    }
  expect(models.map(({ size }) => size)).toEqual([2, 2])
})

const hops = fc.array(fc.record({ waitMs: fc.integer({ min: 0, max: 400_000 }), isOriginal: fc.boolean() }), {
  minLength: 1,
  maxLength: 6,
})

/** Hands a status from process to process; originals do not know `since`. Returns what the last one serves. */
function handOn(ttl: number, path: readonly { waitMs: number; isOriginal: boolean }[]) {
  let model = createModel()
  model.report('kiln.state', 'hot', ttl)
  let losses = 0
  for (const { waitMs, isOriginal } of path) {
    now += waitMs
    const body = Buffer.from(compactForm(model.statuses(), 'hop'))
    const next = new StatusModel({ now: () => now })
    const parsed = parseModel(body).map(({ key, status }) => {
      const { since, ...plain } = status as NonNullable<typeof status>
      return {
        key: key.replace('hop/', ''),
        status: isOriginal || since === undefined ? plain : { ...plain, since },
      }
    })
    if (isOriginal) losses++
    else if (parsed.some(({ status }) => !('since' in status))) losses++
    next.take(parsed)
    model = next
  }
  return { status: model.statuses()[0], losses }
}

test('over any number of hops of ours, neither age nor end moves', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3600 }), hops, (ttl, path) => {
      const { status } = handOn(
        ttl,
        path.map((one) => ({ ...one, isOriginal: false })),
      )
      const passed = path.reduce((sum, { waitMs }) => sum + waitMs, 0) / 1000
      if (status === undefined) return passed >= ttl - 0.001
      expect(status.since).toBeCloseTo(passed, 6)
      expect(status.ttl - status.age).toBeCloseTo(ttl - passed, 6)
      return passed < ttl
    }),
  )
})

test('over hops of originals less than a second of the ttl is lost each, and never won', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3600 }), hops, (ttl, path) => {
      const { status, losses } = handOn(ttl, path)
      const left = ttl - path.reduce((sum, { waitMs }) => sum + waitMs, 0) / 1000
      if (status === undefined) return left < losses + 1e-6 || left <= 1
      expect(status.ttl - status.age).toBeLessThanOrEqual(left + 1e-6)
      expect(status.ttl - status.age).toBeGreaterThan(left - losses - 1e-6)
      return status.age >= 0
    }),
  )
})

test('what is written is read again, whatever keys and values hold', () => {
  const status = fc.record({
    value: fc.string({ unit: 'binary' }),
    age: fc.double({ min: 0, max: 1e12, noNaN: true }),
    ttl: fc.double({ min: 0, max: 1e12, noNaN: true }),
  })
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: 'binary' }), status), (model) => {
      const statuses = Object.entries(model).map(([key, one]) => ({
        key,
        ...one,
        ttl: one.ttl + 0,
        age: one.age + 0,
      }))
      for (const text of [jsonForm(statuses), compactForm(statuses)]) {
        const read = new Map(parseModel(Buffer.from(text)).map(({ key, status: one }) => [key, one]))
        expect(read).toEqual(new Map(statuses.map(({ key, ...one }) => [key, one])))
        expect(JSON.parse(text)).toEqual(Object.fromEntries(statuses.map(({ key, ...one }) => [key, one])))
      }
    }),
  )
})

test.each([
  ['{"aa":{"VALUE":"x","Ttl":5}}', { value: 'x', age: 0, ttl: 5 }],
  ['{"aa":{"value":"x","Value":"y","value":"z","ttl":1}}', { value: 'z', age: 0, ttl: 1 }],
  ['{"aa":{"value":"x","value":null,"ttl":1}}', { value: 'x', age: 0, ttl: 1 }],
  ['{"aa":{"value":"\\ud800","ttl":1}}', { value: '\ufffd', age: 0, ttl: 1 }],
  [' \t{"aa" : { "ttl" : 1e2 , "x":{"value":[{"ttl":"}"}]} } }\r\n', { value: '', age: 0, ttl: 100 }],
  ['{"aa":{"since":"long ago","ttl":1}}', { value: '', age: 0, ttl: 1 }],
  ['{"aa":{"since":7.5,"ttl":1}}', { value: '', age: 0, ttl: 1, since: 7.5 }],
  ['{"aa":null}', null],
])('%s is read', (text, status) => {
  expect(parseModel(Buffer.from(text))).toEqual([{ key: 'aa', status }])
})

test.each([
  '{"aa":{"ttl":"x","ttl":1}}',
  '{"aa":{"ttl":1e999}}',
  '{"aa":[]}',
  '3',
  '"x"',
  '{}{}',
  '{"aa":{"ttl":true}}',
])('%s is refused as a whole', (text) => {
  expect(() => parseModel(Buffer.from(text))).toThrow()
})
