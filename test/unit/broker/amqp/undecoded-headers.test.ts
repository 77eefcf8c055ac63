import { createRequire } from 'node:module'
import { PassThrough } from 'node:stream'
import type { ChannelModel } from 'amqplib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { faultOf, keepUndecodedHeaders } from '../../../../src/broker/amqp/undecoded-headers.ts'
import { corpusOf, nearCorpus } from '../../../support/corpus.ts'
import { nested, rawHeader } from '../../../support/raw-publish.ts'

type Frame = {
  readonly id: number
  readonly channel: number
  readonly size: number
  readonly fields: { readonly headers?: object; readonly deliveryMode?: number }
}
type Connection = { maxFrameSize: number; recvFrame(): Frame | false }

// The package does not export it.
const { Connection } = createRequire(import.meta.url)(
  '../../../../node_modules/amqplib/lib/connection.js',
) as {
  Connection: new (stream: PassThrough) => Connection
}

/** What a connection reads of messages with these header tables. */
function read(tables: readonly Buffer[]): Frame[] {
  const stream = new PassThrough()
  const connection = new Connection(stream)
  keepUndecodedHeaders({ connection } as unknown as ChannelModel)
  stream.write(Buffer.concat(tables.map(headerFrame)))
  return Array.from(tables, () => connection.recvFrame()).filter((frame) => frame !== false)
}

/** Properties of a message: its headers, and how it is delivered. */
function headerFrame(table: Buffer, index: number): Buffer {
  const properties = Buffer.alloc(18)
  properties.writeUInt16BE(60)
  properties.writeBigUInt64BE(BigInt(1000 + index), 4)
  properties.writeUInt16BE(0x3000, 12)
  properties.writeUInt32BE(table.length, 14)
  const payload = Buffer.concat([properties, table, Buffer.from([2])])
  const start = Buffer.from([2, 0, 7, 0, 0, 0, 0])
  start.writeUInt32BE(payload.length, 3)
  return Buffer.concat([start, payload, Buffer.from([0xce])])
}

const GOOD = rawHeader('good', Buffer.from('t\x01'))

/** Answers why the headers of the message are missing. */
function expectOnlyItsOwn(table: Buffer): string | undefined {
  const [before, odd, after, ...more] = read([GOOD, table, GOOD])
  expect(more).toEqual([])
  for (const [index, frame] of [before, odd, after].entries())
    expect(frame).toMatchObject({ id: 60, channel: 7, size: 1000 + index })
  for (const good of [before, after])
    expect(good?.fields).toMatchObject({ headers: { good: true }, deliveryMode: 2 })
  const fault = faultOf(odd?.fields ?? {})
  if (fault === undefined) expect(odd?.fields.headers).toBeTypeOf('object')
  else {
    expect(fault).toMatch(
      /^the headers cannot be decoded: \S[ -~\xa0-\uffff]*; (as hex:|the first 4096 of \d+ bytes as hex:) /,
    )
    expect(fault).toContain(table.toString('hex', 0, 4096))
  }
  return fault
}

const corpus = corpusOf('headers')

test('each header table of the corpus costs its own message at most', () => {
  const deep = [rawHeader('x', nested('F', 6000)), rawHeader('x', nested('A', 8000))]
  const faults = [...corpus, ...deep].map(expectOnlyItsOwn)
  expect(faults).toContain(undefined)
  expect(faults.slice(-2)).toEqual([expect.anything(), expect.anything()])
})

test('so does what comes near to them', () => {
  fc.assert(
    fc.property(nearCorpus(corpus), (table) => void expectOnlyItsOwn(table)),
    { numRuns: 3000 },
  )
})
