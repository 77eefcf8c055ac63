import fc from 'fast-check'
import { expect, test } from 'vitest'
import { OrderedRecords } from '../../../../src/replay/records/ordered-records.ts'
import type { RawRecord, ReadFile, TimedRecord } from '../../../../src/replay/records/record.ts'
import {
  BEGINNING,
  formatReplayPosition,
  parseReplayPosition,
  type ReplayPlace,
} from '../../../../src/replay/records/replay-place.ts'

/** The times of the records of each file. */
type Files = readonly (readonly number[])[]

const NEVER = new AbortController().signal
const BATCH = { records: 3, bytes: 1 << 20 }

function prepare(raw: RawRecord): TimedRecord {
  const [time] = JSON.parse(raw.payload.toString()) as [number]
  const prepared = {} as TimedRecord['prepared']
  return { time, begin: raw.begin, prepared, bytes: raw.payload.length, place: raw.place }
}

/** A reader of files in memory, whose names are their indexes. */
const readerOf = (files: Files): ReadFile =>
  async function* (file) {
    const records = (files[Number(file)] ?? []).map((time, at) => ({
      payload: Buffer.from(JSON.stringify([time])),
      begin: at * 10,
      end: at * 10 + 10,
      place: () => `${file}:${at}`,
    }))
    for (let at = 0; at < records.length; at += 4) yield records.slice(at, at + 4)
  }

function openRecords(
  files: Files,
  limit: number,
  from: ReplayPlace = BEGINNING,
  read = readerOf(files),
): OrderedRecords {
  const ordered = files
    .map((times, file) => ({ file: String(file), firstTime: Math.min(...times.slice(0, 16)) }))
    .sort((a, b) => a.firstTime - b.firstTime)
  const limits = { records: limit, bytes: 1 << 30 }
  return new OrderedRecords({
    files: ordered,
    read,
    signal: NEVER,
    createPrepare: () => prepare,
    from,
    limits,
  })
}

async function all(records: OrderedRecords): Promise<TimedRecord[]> {
  const taken: TimedRecord[] = []
  for (;;) {
    const next = await records.next(BATCH)
    if (next.length === 0) return taken
    taken.push(...next)
  }
}

const placesOf = (records: readonly TimedRecord[]) => records.map(({ place }) => place())

const HOUR = 3_600_000_000
const files = fc.array(fc.array(fc.integer({ min: 0, max: 100 }), { maxLength: 40 }), {
  minLength: 1,
  maxLength: 4,
})

test('all records of files that overlap come once, in order of time, as far as the window reaches', async () => {
  await fc.assert(
    fc.asyncProperty(files, async (times) => {
      const records = await all(openRecords(times, 1000))
      expect(records.map(({ time }) => time)).toEqual(times.flat().sort((a, b) => a - b))
      expect(new Set(placesOf(records)).size).toBe(times.flat().length)
    }),
  )
})

test('with a small window everything comes once all the same, and what is nearly in order comes in order', async () => {
  const disordered = fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 300, maxLength: 600 })
  await fc.assert(
    fc.asyncProperty(disordered, async (jitter) => {
      // Each record is at most thirty places away from where it belongs.
      const times = jitter.map((by, at) => at + by)
      const records = await all(openRecords([times], 100))
      expect(records.map(({ time }) => time)).toEqual(times.toSorted((a, b) => a - b))
    }),
    { numRuns: 20 },
  )
})

test('a replay that goes on from any place misses nothing', async () => {
  await fc.assert(
    fc.asyncProperty(files, fc.nat({ max: 60 }), async (times, steps) => {
      const records = openRecords(times, 8)
      const before: TimedRecord[] = []
      for (let step = 0; step < steps; step++) before.push(...(await records.next(BATCH)))
      const text = formatReplayPosition({ at: 0, place: records.place() })
      await records.close()
      const after = await all(openRecords(times, 8, parseReplayPosition(text).place))
      const seen = new Set([...placesOf(before), ...placesOf(after)])
      expect(seen.size).toBe(times.flat().length)
    }),
  )
})

test('a replay goes on at the same record whether an index lets it pass over parts of files or not', async () => {
  await fc.assert(
    fc.asyncProperty(files, fc.nat({ max: 60 }), fc.boolean(), async (times, steps, hadIndex) => {
      const whole = readerOf(times)
      // As with an index: of each four records those are left out that are all early.
      const parts: ReadFile = async function* (file, signal) {
        for await (const some of whole(file, signal)) if (some.some(isLate)) yield some.filter(isLate)
      }
      const [first, second] = hadIndex ? [parts, whole] : [whole, parts]
      const records = openRecords(times, 8, BEGINNING, first)
      const before: TimedRecord[] = []
      for (let step = 0; step < steps; step++) before.push(...(await records.next(BATCH)))
      const place = records.place()
      await records.close()
      const after = await all(openRecords(times, 8, place, second))
      const late = [...before, ...after].filter(({ time }) => time > 50)
      expect(new Set(placesOf(late)).size).toBe(times.flat().filter((time) => time > 50).length)
    }),
  )
})

const isLate = ({ payload }: RawRecord) => JSON.parse(payload.toString())[0] > 50

test('a single record from far ahead moves nothing', async () => {
  const times = [1, 9_999, ...Array.from({ length: 500 }, (_, at) => at + 2)]
  const records = await all(openRecords([times], 100))
  expect(records.at(-1)?.time).toBe(9_999)
  expect(records.slice(0, -1).map(({ time }) => time)).toEqual(Array.from({ length: 501 }, (_, at) => at + 1))
})

test('files of other times are not open at the same time', async () => {
  let [open, most] = [0, 0]
  const days = Array.from({ length: 20 }, (_, day) => Array.from({ length: 30 }, (_, at) => day * HOUR + at))
  const inner = readerOf(days)
  const read: ReadFile = async function* (file, signal) {
    most = Math.max(most, ++open)
    yield* inner(file, signal)
    open--
  }
  const ordered = days.map(([firstTime = 0], file) => ({ file: String(file), firstTime }))
  const records = new OrderedRecords({ files: ordered, read, signal: NEVER, createPrepare: () => prepare })
  expect(await all(records)).toHaveLength(600)
  expect(most).toBeLessThanOrEqual(2)
})
