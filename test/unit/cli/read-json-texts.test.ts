import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { readNotifications } from '../../../src/cli/read-notifications.ts'
import { temporaryFolder } from '../../support/folders.ts'

async function read(text: string, name = 'n.json'): Promise<[number, string][]> {
  const file = join(temporaryFolder(), name)
  writeFileSync(file, name.endsWith('.gz') ? gzipSync(text) : text)
  const found = await Array.fromAsync(readNotifications(file))
  return found.map(({ number, text: one }) => [number, one])
}

const A = { event_type: 'a', payload: { text: 'a "b", {c} [d]\\', n: [1, { m: 2 }] } }
const B = { event_type: 'b' }

test.each([
  ['one a line', `${JSON.stringify(A)}\n\n${JSON.stringify(B)}\n`, [1, 3]],
  ['one a line, packed', `${JSON.stringify(A)}\n${JSON.stringify(B)}`, [1, 2], 'n.jsonl.gz'],
  ['indented', `${JSON.stringify(A, null, 2)}\n\n${JSON.stringify(B, null, '\t')}\n`, [1, 14]],
  ['a list', JSON.stringify([A, B]), [1, 1]],
  ['an indented list', JSON.stringify([A, B], null, 4), [2, 14]],
  ['a list with one a line', `[${JSON.stringify(A)},\n ${JSON.stringify(B)}]\n`, [1, 2]],
  ['lists in a row', `[${JSON.stringify(A)}]\n[\n${JSON.stringify(B)}\n]`, [1, 3]],
] as [string, string, number[], string?][])('%s', async (_, text, numbers, name) => {
  const found = await read(text, name)
  expect(found.map(([number]) => number)).toEqual(numbers)
  expect(found.map(([, one]) => JSON.parse(one))).toEqual([A, B])
  for (const [, one] of found) expect(one).not.toContain('\n')
})

test('numbers keep all their digits', async () => {
  expect(await read('[\n  {"n": 12345678901234567890}\n]')).toEqual([[2, '{"n": 12345678901234567890}']])
})

test.each([
  ['a line that is cut off', '{"a": 1\n{"b": 2}', ['{"a": 1', '{"b": 2}']],
  ['a list that never ends', '[\n{"b": 2},', ['[', '{"b": 2},']],
  ['more closed than opened', ']\n{"b": 2}', [']', '{"b": 2}']],
  ['text', 'hello\n{"b": 2}', ['hello', '{"b": 2}']],
  ['an empty list', '[]\n{"b": 2}', ['[]', '{"b": 2}']],
  [
    'a list of what is no object',
    '[1, {"b": 2}]\n[\n"x"\n]\n{"b": 2}',
    ['[1, {"b": 2}]', '[ "x" ]', '{"b": 2}'],
  ],
])('%s costs the others nothing', async (_, text, expected) => {
  expect((await read(text)).map(([, one]) => one)).toEqual(expected)
})
