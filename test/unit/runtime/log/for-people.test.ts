import { expect, test } from 'vitest'
import { forPeople } from '../../../../src/runtime/log/for-people.ts'
import { logFormatOf, showsColours } from '../../../../src/runtime/log/log-format.ts'

const TIME = '2026-11-30T04:45:00.123Z'
const AT = '2026-11-30 04:45:00.123'

function line(fields: object): string {
  return `${JSON.stringify({ level: 'info', time: TIME, pid: 1, ...fields })}\n`
}

test.each([
  [{ msg: 'running' }, `${AT}  INFO   running\n`],
  [{ level: 'error', msg: 'no' }, `${AT}  ERROR  no\n`],
  [
    { msg: 'stored', queue: 'monitor.info', count: 3, note: 'two words', of: { a: [1] } },
    `${AT}  INFO   stored  queue=monitor.info count=3 note="two words" of={"a":[1]}\n`,
  ],
  [{ msg: 'a\nb\u001b[2J', n: '\u202ex' }, `${AT}  INFO   a\\nb\\u001b[2J  n="\\u202ex"\n`],
  [
    {
      msg: 'x',
      err: { type: 'Error', message: 'gone away', stack: 'Error: gone away\n    at f (a.ts:1:2)' },
    },
    `${AT}  INFO   x  err="gone away"\n    at f (a.ts:1:2)\n`,
  ],
])('%j is a line for people', (fields, expected) => {
  expect(forPeople(line(fields), false)).toBe(expected)
})

test('what is no JSON stays as it is', () => {
  expect(forPeople('plain\n', true)).toBe('plain\n')
})

test('colours surround the parts and change no text', () => {
  const coloured = forPeople(line({ level: 'warn', msg: 'away', side: 'database' }), true)
  expect(coloured).toContain('\u001b[33mWARN ')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  expect(coloured.replace(/\u001b\[\d+m/g, '')).toBe(
    forPeople(line({ level: 'warn', msg: 'away', side: 'database' }), false),
  )
})

test('people read on terminals, in colours unless NO_COLOR says otherwise', () => {
  expect(logFormatOf({ isTTY: true })).toBe('text')
  expect(logFormatOf({})).toBe('json')
  expect(showsColours({ isTTY: true }, {})).toBe(true)
  expect(showsColours({ isTTY: true }, { NO_COLOR: '1' })).toBe(false)
  expect(showsColours({ isTTY: true }, { NO_COLOR: '' })).toBe(true)
  expect(showsColours({ isTTY: true }, { TERM: 'dumb' })).toBe(false)
  expect(showsColours({}, {})).toBe(false)
})
