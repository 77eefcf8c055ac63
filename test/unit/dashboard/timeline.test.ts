import { resolve } from 'node:path'
import { expect, test } from 'vitest'

type Item = { readonly label: string; readonly outcome?: string; readonly x: number; readonly width: number }
type Picture = {
  readonly width: number
  readonly height: number
  readonly lanes: readonly { readonly name: string }[]
  readonly bars: readonly (Item & { readonly kind: string })[]
  readonly dots: readonly {
    readonly x: number
    readonly isFailure: boolean
    readonly items: readonly object[]
  }[]
  readonly gaps: readonly { readonly x: number; readonly seconds: number }[]
}

const { layOut } = (await import(
  resolve(import.meta.dirname, '../../../src/dashboard/page/timeline.js')
)) as {
  layOut: (entries: readonly object[]) => Picture
}

const event = (at: string, event_type: string, more: object = {}) => ({
  ...{ kind: 'event', at: `2026-11-19T${at}`, event_type, message_id: `${at} ${event_type}` },
  ...{ is_failure: false, message: null, changes: [], user_id: null, request_id: null },
  ...more,
})

test('operations go from their start to their end or error, and a failure is also a mark of its own', () => {
  const { bars, dots, lanes } = layOut([
    event('08:00:00', 'compute.instance.create.start', { request_id: 'a' }),
    event('08:00:20', 'compute.instance.create.start', { request_id: 'b' }),
    event('08:00:30', 'compute.instance.create.error', { request_id: 'b', is_failure: true, message: 'no' }),
    event('08:00:40', 'compute.instance.create.end', { request_id: 'a' }),
    event('08:00:50', 'compute.instance.delete.start'),
    event('08:01:00', 'compute.instance.power_off'),
  ])
  expect(bars.map(({ label, outcome }) => [label, outcome])).toEqual([
    ['create', 'done'],
    ['create', 'failed'],
    ['delete …', 'unfinished'],
  ])
  expect(dots.map(({ isFailure }) => isFailure)).toEqual([true, false])
  expect(lanes.map(({ name }) => name)).toEqual(['Operations', 'Events'])
  const [a, b] = [bars[0]!, bars[1]!]
  expect(a.x).toBeLessThan(b.x)
  expect(a.x + a.width).toBeGreaterThan(b.x + b.width)
})

test('a long pause is squeezed and told in seconds; what is near stays in proportion', () => {
  const { gaps, dots, width } = layOut([
    event('08:00:00', 'a'),
    event('08:00:30', 'b'),
    event('08:01:30', 'c'),
    event('11:01:30', 'd'),
    event('11:02:30', 'e'),
  ])
  expect(gaps.map(({ seconds }) => seconds)).toEqual([10_800])
  const [a, b, c, d, e] = dots.map(({ x }) => x) as [number, number, number, number, number]
  expect((c - b) / (b - a)).toBeCloseTo(2, 5)
  expect(e - d).toBeCloseTo(c - b, 5)
  expect(d - c).toBe(44)
  expect(e).toBeLessThan(width)
})

test('updates are folded with their number; streams last until they end, results have a lane', () => {
  const stream = (what: string, at: string) => ({
    ...{ kind: 'stream', at: `2026-11-19T${at}`, stream: 7, name: 'day', what, state: 'error', error: null },
  })
  const { bars, lanes, dots } = layOut([
    stream('opened', '08:00:00'),
    {
      kind: 'folded',
      at: '2026-11-19T08:00:00',
      until: '2026-11-19T08:00:10',
      event_type: 'x.update',
      count: 9,
      changes: [],
    },
    event('08:00:20', 'compute.instance.exists.verified'),
    stream('fires', '08:00:30'),
  ])
  expect(bars.map(({ kind, label, outcome }) => [kind, label, outcome])).toEqual([
    ['folded', '9 ×', undefined],
    ['stream', 'day 7', 'failed'],
  ])
  expect(lanes.map(({ name }) => name)).toEqual(['Updates', 'Streams', 'Results'])
  expect(dots).toHaveLength(1)
})

test('events at one place are one mark, failures never', () => {
  const many = Array.from({ length: 50 }, (_, index) => event(`08:00:00.${100 + index}`, 'a'))
  const failures = [1, 2].map((n) => event(`08:00:00.20${n}`, 'b', { is_failure: true }))
  const { dots } = layOut([...many, ...failures, event('09:00:00', 'c')])
  expect(dots.filter(({ isFailure }) => isFailure)).toHaveLength(2)
  const normal = dots.filter(({ isFailure }) => !isFailure)
  expect(normal.length).toBeLessThan(60)
  expect(normal.reduce((sum, { items }) => sum + items.length, 0)).toBe(51)
})

test('one entry, and many without any pause, are drawn too', () => {
  expect(layOut([event('08:00:00', 'a')])).toMatchObject({ gaps: [], dots: [{ x: 16 }] })
  expect(layOut([event('08:00:00', 'a'), event('08:00:00', 'b')]).dots).toMatchObject([{ items: [{}, {}] }])
})
