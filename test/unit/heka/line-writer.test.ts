import { expect, test } from 'vitest'
import { LineWriter } from '../../../src/heka/subscriber/line-writer.ts'
import { seeded } from '../../support/heka/wire-fuzz.ts'

/** The same byte by byte. */
function quoted(text: string): string {
  return `"${text.replace(/["\\]|\p{Cc}/gu, (one) => (one >= '\x7f' ? one : `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`))}"`
}

test('texts are escaped wherever such a character stands, at any place of a buffer', () => {
  const random = seeded(3)
  const signs = [...'abcdefghij é漢😀"\\\n\t\u0000\u001f\u007f\u0080!#[]\u00ff ']
  const writer = new LineWriter()
  for (let round = 0; round < 1000; round++) {
    const length = Math.floor(random() * 40)
    const text = Array.from({ length }, () => signs[Math.floor(random() * signs.length)]).join('')
    const before = Math.floor(random() * 5)
    const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(text), Buffer.alloc(3)])
    writer.ascii('x'.repeat(Math.floor(random() * 4)))
    writer.take()
    writer.text(bytes, before, bytes.length - 3)
    expect(writer.take().toString()).toBe(quoted(text))
  }
})

test('a text of all escapes and one of 100,000 characters', () => {
  const writer = new LineWriter()
  for (const text of ['"'.repeat(5000), 'a'.repeat(99_999), `${'a'.repeat(99_999)}"`]) {
    writer.text(Buffer.from(text))
    expect(writer.take().toString()).toBe(quoted(text))
  }
})
