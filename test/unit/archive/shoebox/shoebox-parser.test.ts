import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Metadata } from '../../../../src/archive/archive.ts'
import type { Damage, ReadRecord } from '../../../../src/archive/format.ts'
import { recordHead } from '../../../../src/archive/shoebox/shoebox-format.ts'
import { ShoeboxParser } from '../../../../src/archive/shoebox/shoebox-parser.ts'

type Plain = { readonly metadata: Metadata; readonly payload: Buffer }

function bytesOf({ metadata, payload }: Plain): Buffer {
  return Buffer.concat([recordHead(metadata, payload.length), payload])
}

function parse(bytes: Buffer, size = bytes.length) {
  const damages: Damage[] = []
  const parser = new ShoeboxParser((damage) => damages.push(damage))
  const records: ReadRecord[] = []
  for (let at = 0; at < bytes.length; at += size) records.push(...parser.push(bytes.subarray(at, at + size)))
  records.push(...parser.end())
  return { records, damages }
}

const plainOf = ({ metadata, payload }: ReadRecord): Plain => ({ metadata, payload: Buffer.from(payload) })

/** Half surrogates have no UTF-8. */
const text = fc.string({ unit: 'binary', maxLength: 20 }).map((one) => one.toWellFormed())
const record = fc.record({
  metadata: fc.array(fc.tuple(text, text), { maxLength: 5 }),
  payload: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
})

test('records are read as they were written, in pieces of any size', () => {
  fc.assert(
    fc.property(fc.array(record, { maxLength: 10 }), fc.integer({ min: 1, max: 100 }), (written, size) => {
      const { records, damages } = parse(Buffer.concat(written.map(bytesOf)), size)
      expect(damages).toEqual([])
      expect(records.map(plainOf)).toEqual(written)
    }),
  )
})

test('after any damage in a header the records around it are read, and the damage is reported with its place', () => {
  const three = fc.tuple(record, record, record)
  fc.assert(
    fc.property(
      three,
      fc.integer({ min: 0, max: 17 }),
      fc.integer({ min: 1, max: 255 }),
      (written, place, change) => {
        const [one, two, other] = written.map(bytesOf) as [Buffer, Buffer, Buffer]
        two[place] = (two[place] as number) ^ change
        const { records, damages } = parse(Buffer.concat([one, two, other]))
        expect(records[0] && plainOf(records[0])).toEqual(written[0])
        expect(records.at(-1) && plainOf(records.at(-1) as ReadRecord)).toEqual(written[2])
        expect(damages[0]?.at).toBe(one.length)
        expect(damages.at(-1)).toMatchObject({ reason: expect.stringMatching(/./) })
        expect(damages.reduce((sum, { length }) => sum + length, 0)).toBe(
          two.length - records.slice(1, -1).reduce((sum, { length }) => sum + length, 0),
        )
      },
    ),
  )
})

const EXAMPLE = [1, 2, 3].map((number) => ({
  metadata: [['queue', `q${number}`]] as Metadata,
  payload: Buffer.from(`{"n": ${number}}`),
}))

test('a record that is cut off is reported, wherever the cut is, and those before it are read', () => {
  const [one, two] = EXAMPLE.map(bytesOf) as [Buffer, Buffer]
  for (let cut = 1; cut < two.length; cut++) {
    const { records, damages } = parse(Buffer.concat([one, two.subarray(0, cut)]), 7)
    expect(records.map(plainOf)).toEqual(EXAMPLE.slice(0, 1))
    expect(damages).toEqual([{ at: one.length, length: cut, reason: 'the record is cut off' }])
  }
})

test('a record that is cut off in the middle of a file does not hide the next', () => {
  const [one, two, three] = EXAMPLE.map(bytesOf) as [Buffer, Buffer, Buffer]
  const { records, damages } = parse(Buffer.concat([one, two.subarray(0, two.length - 3), three]))
  // What was cut off is made up by the begin of the next record.
  expect(records.map(({ at }) => at)).toEqual([0, one.length])
  expect(damages).toEqual([
    { at: one.length + two.length, length: three.length - 3, reason: 'no record begins here' },
  ])
})

test('bytes of another kind between records are reported, and what follows is read', () => {
  const [one, two] = EXAMPLE.map(bytesOf) as [Buffer, Buffer]
  const noise = Buffer.from('no record, but \x84\x78\x86\x69 in it', 'latin1')
  const { records, damages } = parse(Buffer.concat([one, noise, two]), 11)
  expect(records.map(plainOf)).toEqual(EXAMPLE.slice(0, 2))
  expect(damages).toEqual([{ at: one.length, length: noise.length, reason: 'no record begins here' }])
})

test.each([
  [4, 2, /has version 2; expected 1/],
  [14, 1, /header of the record is broken/],
  [18, 3, /lengths in the metadata of the record do not fit/],
  [10, 4, /length of the payload does not fit|cut off/],
])('the reason of the damage of byte %d is told', (place, value, reason) => {
  const [one, two] = EXAMPLE.map(bytesOf) as [Buffer, Buffer]
  one[place] = value
  const { records, damages } = parse(Buffer.concat([one, two]))
  expect(records.map(plainOf)).toEqual(EXAMPLE.slice(1, 2))
  expect(damages).toEqual([{ at: 0, length: one.length, reason: expect.stringMatching(reason) }])
})
