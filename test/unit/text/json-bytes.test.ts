import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseJson } from '../../../src/text/json.ts'
import { isJsonBytes } from '../../../src/text/json-bytes.ts'

const check = (text: string) => isJsonBytes(Buffer.from(text))

function isRead(text: string): boolean {
  try {
    parseJson(text)
    return true
  } catch {
    return false
  }
}

test.each([
  '{}',
  ' [ ] ',
  '[[],{"a":[1,-0,1.5e+3,0.0E-1,"\\u00e4\\n",true,false,null]}]\r\n',
  '"\\""',
  '[NaN, -Infinity, {"x": Infinity}]',
])('%s is JSON', (text) => {
  expect([check(text), isRead(text)]).toEqual([true, true])
})

test.each([
  '',
  ' ',
  '[',
  ']',
  '[1,]',
  '[,1]',
  '{"a"}',
  '{"a":}',
  '{"a":1,}',
  '{a:1}',
  '[1}',
  '{"a":1]',
  '01',
  '1.',
  '.5',
  '-',
  '1e',
  '+1',
  '"a',
  '"\n"',
  '"\\x"',
  '"\\u12g4"',
  'nul',
  '[1] 2',
  'NaNa',
  '-NaN',
  '[2NaN]',
  '[NaN5]',
  '[1Infinity]',
  '--Infinity',
  'Infinity.5',
])('%s is none', (text) => {
  expect([check(text), isRead(text)]).toEqual([false, false])
})

test('it says what the parser says, also of JSON in which something is changed', () => {
  fc.assert(
    fc.property(
      fc.json({ maxDepth: 4 }),
      fc.nat(),
      fc.constantFrom(...'[]{}",:\\ 0e-.tN'),
      (text, at, odd) => {
        const place = at % (text.length + 1)
        const changed = text.slice(0, place) + odd + text.slice(place + 1)
        return check(text) && check(changed) === isRead(changed)
      },
    ),
    { numRuns: 2000 },
  )
})

test('nesting takes no stack', () => {
  const deep = (middle: string) => `${'[{"a":'.repeat(200_000)}${middle}${'}]'.repeat(200_000)}`
  expect([check(deep('1')), check(deep('')), check('['.repeat(1_000_000))]).toEqual([true, false, false])
})
