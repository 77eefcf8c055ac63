import { expect, test } from 'vitest'
import { bunzip2, TooLargeError } from '../../../../src/consumer/body/bunzip2.ts'

/** Packed by bz2 of Python 3, as base64. */
const PACKED = {
  nothing: 'QlpoORdyRThQkAAAAAA=',
  short: 'QlpoOTFBWSZTWTrfA2AAAAKZgBAAIBAgAAAKIAAhgAwCWwbcXckU4UJA63wNgA==',
  runs: 'QlpoOTFBWSZTWc0KC0oAJw/BAHAAOAAgAGApUMgwDwqVMFSpoqVOiRQ0VKnhIoYKlTBIoaKlT4u5IpwoSGaFBaUA',
  // In blocks of 100,000 bytes.
  zeros: 'QlpoMTFBWSZTWYK4WkIAD1HgAMAAAACACCAAMMwJqmmKkhtVKSHi7kinChIQVwtIQA==',
  'every byte':
    'QlpoOTFBWSZTWba17pUAAAB/////////////////////////////////////////////sADFUgAAAAAAAAAAAAAAAAAAAAABMAmAAAAAAAAAAAAAAEwABMAEmAAmAAJgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAkwAEwABMAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAPwCAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+P0BBQkNERUZHSElKS0xNTk9QUVJTVFVWV1hZWltcXV5fYGFiY2RhYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ent8fX5/gIGCg4SFhoeIiYqLjI2Oj5CRkpWWl5iZmpucnZ6foKGio6SlpqeoqaqrrK2ur7CxsrO0tba3uLm6u7y9vr/AwcLDxMXGxcbHyMnKy8zNzs/Q0dLT1NXW19jZ2tvc3d7f4OHi4+Tl5ufo6err7O3u7/Dx8vP09fb3+Pn6+/z9F3JFOFCQtrXulQ=',
} as const

test.each([
  ['nothing', Buffer.alloc(0)],
  ['short', Buffer.from('{"a":1}')],
  ['runs', Buffer.from('aaaabbbbbcccccc'.repeat(3000))],
  ['zeros', Buffer.alloc(2_000_000)],
  ['every byte', Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))],
] as const)('what Python has packed is unpacked: %s', (name, bytes) => {
  expect(bunzip2(Buffer.from(PACKED[name], 'base64'), 2_000_000).equals(bytes)).toBe(true)
})

test('streams in a row are one text, and what follows them is left', () => {
  const packed = Buffer.from(PACKED.short, 'base64')
  const unpacked = bunzip2(Buffer.concat([packed, packed, Buffer.from('\n')]), 100)
  expect(String(unpacked)).toBe('{"a":1}{"a":1}')
})

test('no more is unpacked than is allowed', () => {
  expect(() => bunzip2(Buffer.from(PACKED.zeros, 'base64'), 1_999_999)).toThrow(TooLargeError)
})

test('damaged data is refused or unpacked as it was, whatever bit is wrong and wherever it is cut', () => {
  const packed = Buffer.from(PACKED.short, 'base64')
  const outcome = (bytes: Buffer) => {
    try {
      return String(bunzip2(bytes, 1000))
    } catch (error) {
      return (error as Error).constructor.name
    }
  }
  const outcomes = new Set<string>()
  for (let at = 0; at < packed.length; at++) {
    outcomes.add(outcome(packed.subarray(0, at)))
    for (let bit = 0; bit < 8; bit++) {
      const damaged = Buffer.from(packed)
      damaged[at] = (damaged[at] as number) ^ (1 << bit)
      outcomes.add(outcome(damaged))
    }
  }
  expect([...outcomes].filter((one) => one !== 'TooLargeError').sort()).toEqual(['RangeError', '{"a":1}'])
})
