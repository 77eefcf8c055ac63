import { expect, test } from 'vitest'
import type { ReadRecord } from '../../../src/archive/format.ts'
import { createLineFormat } from '../../../src/archive/lines/line-format.ts'
import { LineParser } from '../../../src/archive/lines/line-parser.ts'
import { archivedText } from '../../support/archived-text.ts'

test('a message is one line, JSON byte for byte', () => {
  const line = (body: string | number[], isJson: boolean) =>
    archivedText({ body: Buffer.from(body as string), isJson })
  expect(line('{"a": 1}', true)).toBe('{"a": 1}')
  expect(line('{\r\n"a": 1\n}', true)).toBe('{  "a": 1 }')
  expect(JSON.parse(line([0, 255, 10], false))).toEqual({ raw_base64: 'AP8K' })
})

test('region and cell are written around each message', () => {
  const format = createLineFormat({ region: 'r"1', cell: 'c' })
  const written = (body: string, isJson: boolean) =>
    Buffer.concat(format.encode({ body: Buffer.from(body), isJson }) as Buffer[]).toString()
  expect(written('{"a": 1.0}', true)).toBe('{"region": "r\\"1", "cell": "c", "notification": {"a": 1.0}}\n')
  expect(written('x', false)).toBe(
    '{"region": "r\\"1", "cell": "c", "notification": {"raw_base64":"eA=="}}\n',
  )
})

test.each([1, 2, 3, 5, 100])(
  'lines are read in pieces of %d bytes, empty ones and one without its end too',
  (size) => {
    const text = Buffer.from('{"a":1}\n\n{"ß":2}\nlast')
    const parser = new LineParser()
    const found: ReadRecord[] = []
    for (let at = 0; at < text.length; at += size) found.push(...parser.push(text.subarray(at, at + size)))
    found.push(...parser.end())
    expect(found.map(({ payload }) => String(payload))).toEqual(['{"a":1}', '', '{"ß":2}', 'last'])
    for (const { at, length, payload } of found)
      expect(String(text.subarray(at, at + length)).trimEnd()).toBe(String(payload))
  },
)
