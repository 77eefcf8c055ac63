import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { paint, paintFor, plain, prefixOf, readableLine } from '../../../sandbox/supervisor/log-line.ts'

const line = (fields: object) => JSON.stringify({ time: '2026-11-30T05:01:02.003Z', pid: 1, ...fields })

test.each([
  ['info', line({ level: 'info', msg: 'running' }), '05:01:02 running'],
  ['a warning', line({ level: 'warn', msg: 'away' }), '05:01:02 warn: away'],
  ['statistics', line({ level: 'info', msg: 'statistics', stored: 3 }), undefined],
  ['what is no JSON', 'stv3: no such file', 'stv3: no such file'],
  ['broken JSON', '{"level":', '{"level":'],
  ['other JSON', '{"a":1}', '{"a":1}'],
])('%s', (_, text, expected) => {
  expect(readableLine(text, plain)).toBe(expected)
  const coloured = readableLine(text, paint)
  expect(coloured && stripVTControlCharacters(coloured)).toBe(expected)
})

test('each part has a column, and a colour where there are colours', () => {
  expect(prefixOf('api', 0, plain)).toBe('api        | ')
  expect(prefixOf('consumer-1', 1, paint)).toContain('\u001b[')
})

test('there are no colours elsewhere than on a terminal, and none with NO_COLOR', () => {
  const terminal = { isTTY: true } as NodeJS.WriteStream
  expect(paintFor(terminal, {})).toBe(paint)
  expect(paintFor(terminal, { NO_COLOR: '1' })).toBe(plain)
  expect(paintFor(terminal, { TERM: 'dumb' })).toBe(plain)
  expect(paintFor({ isTTY: false } as NodeJS.WriteStream, {})).toBe(plain)
})
