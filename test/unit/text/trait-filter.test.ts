import { describe, expect, test } from 'vitest'
import type { DistinguishingTrait } from '../../../src/domain/trait.ts'
import { holdsTraits } from '../../../src/domain/trait-condition.ts'
import {
  compilePattern,
  literalFilter,
  parseFilterPattern,
  parseNameFilter,
} from '../../../src/text/filter-pattern.ts'
import { parseTraitFilter, withAbsoluteTimes } from '../../../src/text/trait-filter.ts'
import { at } from '../../support/events.ts'

const NOW = at('2026-01-31T12:00:00')

const TRAITS: { readonly [name: string]: DistinguishingTrait } = {
  host: { type: 'text', value: 'wide-7' },
  odd: { type: 'text', value: '!x*[1]' },
  size: { type: 'int', value: 512 },
  big: { type: 'int', value: 9223372036854775807n },
  load: { type: 'float', value: 0.5 },
  at: { type: 'datetime', value: at('2026-01-31T11:30:00') },
  day: { type: 'timerange', begin: at('2026-01-30T00:00:00'), end: at('2026-01-31T00:00:00') },
}

describe('filters of traits', () => {
  test.each([
    ['host:wide-7', true],
    [' host : wide-7 ; size : 512 ', true],
    ['host:wide*', true],
    ['host:*-?', true],
    ['host:wide', false],
    ['host:*', true],
    ['size:*', true],
    ['nosuch:*', false],
    ['host:!wide*', false],
    ['host:!narrow*', true],
    ['host:! narrow', true],
    ['nosuch:!x', false],
    ['odd:=!x*[1]', true],
    ['odd:=!x*', false],
    ['odd:!=!x*', true],
    ['odd:!=!x*[1]', false],
    ['odd:*[1]', true],
    ['size:>511', true],
    ['size:>512', false],
    ['size:>=512', true],
    ['size:<512.5', true],
    ['size: <= 512', true],
    ['size:!>512', true],
    ['size:>100;size:<200', false],
    ['size:>100;size:<600', true],
    ['big:>9223372036854775806', true],
    ['big:>9223372036854775807', false],
    ['load:<1', true],
    ['host:>1', false],
    ['at:>-1h', true],
    ['at:>-10m', false],
    ['at:<14:00', true],
    ['day:>=2026-01-30', true],
    ['day:2026-01-30 to 2026-01-31', true],
    ['size:!512', false],
    ['size:!513', true],
    ['size:1;size:512', true],
  ])('%s: %s', (filter, isMet) => {
    const conditions = parseTraitFilter(filter, NOW)
    expect(conditions && holdsTraits(TRAITS, conditions)).toBe(isMet)
  })

  test.each(['host', ':x', 'size:>many', `${'a:1;'.repeat(2)}b`])('%s is no filter', (filter) => {
    expect(parseTraitFilter(filter, NOW)).toBeUndefined()
  })

  test('of plain values of one name the last counts, twenty conditions are the most', () => {
    expect(parseTraitFilter('a:1;a:2', NOW)).toHaveLength(1)
    const many = (count: number) => Array.from({ length: count }, (_, index) => `a:!${index}`).join(';')
    expect(parseTraitFilter(many(20), NOW)).toHaveLength(20)
    expect(parseTraitFilter(many(21), NOW)).toBeUndefined()
  })
})

test.each([
  ['x', 'x'],
  ['!', '!'],
  ['>', '>'],
  [' compute.* ', { text: 'compute.*', isGlob: true, isNegated: false }],
  ['!x', { text: 'x', isGlob: false, isNegated: true }],
  ['=x*', 'x*'],
  ['!=x*', { text: 'x*', isGlob: false, isNegated: true }],
  ['>x', '>x'],
])('the name %j is %j', (text, expected) => {
  expect(parseNameFilter(text)).toEqual(expected)
})

test.each(['', 'x', '*', '!x', '=x', '>5', '<', ' x ', 'a?b', '!=*', '[x]'])(
  'the literal of %j finds that text only',
  (text) => {
    const parsed = parseFilterPattern(literalFilter(text))
    expect(parsed).toMatchObject({ text, isGlob: false, isNegated: false })
    expect(parsed.comparison).toBeUndefined()
    expect(compilePattern(parsed)(text)).toBe(true)
  },
)

test.each([
  ['at:>-1h', 'at:>2026-01-31T11:00:00'],
  ['host:wide* ; at : ! <= yesterday', 'host:wide* ; at :!<=2026-01-30T00:00:00'],
  ['at:<now,size:>4', 'at:<2026-01-31T12:00:00;size:>4'],
  ['at:now;at:=>-1h;size:>x;>-1h', 'at:now;at:=>-1h;size:>x;>-1h'],
])('of %j the times of comparisons become absolute', (filter, absolute) => {
  expect(withAbsoluteTimes(filter, NOW)).toBe(absolute)
})
