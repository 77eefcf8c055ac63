import fc from 'fast-check'
import { expect, test } from 'vitest'
import { printable, printableLines } from '../../../src/text/printable.ts'

/** Written as code points, so that this file holds none of them. */
const HOSTILE = [
  ...Array.from({ length: 0x20 }, (_, code) => code),
  ...Array.from({ length: 0x21 }, (_, code) => 0x7f + code),
  ...[0x061c, 0x200b, 0x200e, 0x200f, 0x2028, 0x2029, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2060],
  ...[0x2066, 0x2067, 0x2068, 0x2069, 0xfeff, 0xd800, 0xdfff],
].map((code) => String.fromCharCode(code))

const text = fc
  .array(fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: 'grapheme' })))
  .map((parts) => parts.join(''))

test('no control character is left, and JSON stays the same JSON', () => {
  fc.assert(
    fc.property(text, (given) => {
      const line = printable(given)
      const lines = printableLines(given)
      expect([...line].filter((one) => HOSTILE.includes(one))).toEqual([])
      expect([...lines].filter((one) => HOSTILE.includes(one) && !'\n\t'.includes(one))).toEqual([])
      expect(JSON.parse(printableLines(JSON.stringify({ given }, undefined, '\t')))).toEqual({ given })
    }),
    { numRuns: 2_000, seed: 20261130 },
  )
})

test('escapes are those of JSON, and other text stays as it is', () => {
  expect(printable('a\u001b[2J\r\n\tb\u202e\u009b\ud800')).toBe('a\\u001b[2J\\r\\n\\tb\\u202e\\u009b\\ud800')
  expect(printableLines('a\n\tb\r')).toBe('a\n\tb\\r')
  const plain = 'Grüße, 日本語, 👩‍💻, \u06cc\u200c\u0647'
  expect(printable(plain)).toBe(plain)
})
