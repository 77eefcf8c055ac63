import { expect, test } from 'vitest'
import type { Event } from '../../../src/domain/event.ts'
import type { Trait } from '../../../src/domain/trait.ts'
import type { CriterionConfig } from '../../../src/streams/trigger-config.ts'
import { at, event, routerOf } from '../../support/events.ts'

const int = (value: number): Trait => ({ type: 'int', value })
const float = (value: number): Trait => ({ type: 'float', value })
const text = (value: string): Trait => ({ type: 'text', value })
const time = (iso: string): Trait => ({ type: 'datetime', value: at(iso) })

function matches(criterion: CriterionConfig, traits: { [name: string]: Trait }): boolean {
  const router = routerOf({ distinguished_by: [], match_criteria: [criterion] })
  return router.keysOf(event({ traits })).length === 1
}

test.each([
  ['red', text('red'), true],
  ['red', text('Red'), false],
  [7, int(7), true],
  [7, float(7), true],
  [7, text('7'), false],
  [true, int(1), true],
  [{ int: '> 4096' }, int(4097), true],
  [{ int: '>4096' }, int(4096), false],
  [{ int: '>= 4096' }, float(4096), true],
  [{ int: '!= 3' }, int(4), true],
  [{ int: 3 }, float(3), true],
  [{ float: '< 0.5' }, float(0.25), true],
  [{ float: '< 0.5' }, text('0.25'), false],
  [{ int: '> 1' }, { type: 'int', value: 2n ** 62n } as Trait, true],
  [{ string: 'x' }, text('x'), true],
  [{ text: 'x' }, int(1), false],
  [{ datetime: 'day' }, time('2026-01-01T12:00:00'), true],
  [{ datetime: 'day' }, time('2026-01-02T00:00:00'), false],
  [{ datetime: '$nosuch' }, time('2026-01-01T00:00:00'), false],
] as const)('trait criterion %j on %o: %s', (criterion, trait, expected) => {
  expect(matches({ traits: { v: criterion } }, { v: trait })).toBe(expected)
})

test('a trait that is missing does not match', () => {
  expect(matches({ traits: { v: 'x' } }, {})).toBe(false)
})

test('the timestamp must lie in its criterion', () => {
  expect(matches({ timestamp: 'day($launched)' }, { launched: time('2026-01-01T05:00:00') })).toBe(true)
  expect(matches({ timestamp: 'day($launched)' }, { launched: time('2025-12-31T05:00:00') })).toBe(false)
})

function keyOf(router: ReturnType<typeof routerOf>, one: Event) {
  return router.keysOf(one)[0]
}

test('all distinguishing traits must be there', () => {
  const router = routerOf({ distinguished_by: ['host', 'zone'] })
  expect(router.keysOf(event({ host: 'a' }))).toEqual([])
  expect(router.keysOf(event({ host: 'a', traits: { zone: text('z') } }))).toHaveLength(1)
})

test('keys differ by value and by type', () => {
  const router = routerOf({ distinguished_by: ['v'] })
  const hashes = [int(3), float(3), text('3'), { type: 'none', value: null } as Trait].map(
    (trait) => keyOf(router, event({ traits: { v: trait } }))?.hash,
  )
  expect(new Set(hashes).size).toBe(4)
})

test('an expression makes a range of the time', () => {
  const router = routerOf({ distinguished_by: ['host', { timestamp: 'day' }] })
  expect(keyOf(router, event({ host: 'a' }))?.traits.timestamp).toEqual({
    type: 'timerange',
    begin: at('2026-01-01T00:00:00'),
    end: at('2026-01-02T00:00:00'),
  })
})

test('a mapped trait stands for the distinguishing one; the first criterion that holds decides', () => {
  const router = routerOf({
    distinguished_by: ['host', { timestamp: 'day' }],
    match_criteria: [
      { event_type: 'exists', map_distinguished_by: { timestamp: 'begin' } },
      { event_type: '*' },
    ],
  })
  const begin = time('2025-12-31T00:00:00')
  const mapped = keyOf(router, event({ eventType: 'exists', host: 'a', traits: { begin } }))
  expect(mapped?.traits.timestamp).toMatchObject({ begin: at('2025-12-31T00:00:00') })
  expect(router.keysOf(event({ eventType: 'exists', host: 'a' }))).toEqual([])
})

test('the time of the event itself counts, whatever traits it has', () => {
  const one = event({
    host: 'h',
    timestamp: at('2026-01-01T12:00:00'),
    traits: { timestamp: time('2000-01-01T00:00:00') },
  })
  const key = keyOf(routerOf({ distinguished_by: ['host', { timestamp: 'day' }] }), one)
  expect(key?.traits.timestamp).toEqual({
    type: 'timerange',
    begin: at('2026-01-01T00:00:00'),
    end: at('2026-01-02T00:00:00'),
  })
  expect(matches({ timestamp: 'day' }, { timestamp: time('2000-01-01T00:00:00') })).toBe(true)
})

test.each([
  [{ float: '< inf' }, float(1e300), true],
  [{ float: '> -Infinity' }, int(1), true],
  [{ string: 5 }, int(5), true],
  [{ text: true }, int(1), true],
] as const)('trait criterion %j on %o: %s', (criterion, trait, expected) => {
  expect(matches({ traits: { v: criterion } }, { v: trait })).toBe(expected)
})
