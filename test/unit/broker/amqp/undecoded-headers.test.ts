import { createRequire } from 'node:module'
import { PassThrough } from 'node:stream'
import type { ChannelModel } from 'amqplib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { faultOf, keepUndecodedHeaders } from '../../../../src/broker/amqp/undecoded-headers.ts'
import { corpusOf, nearCorpus } from '../../../support/corpus.ts'
import { nested, rawContentHeader, rawHeader } from '../../../support/raw-publish.ts'

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
  stream.write(Buffer.concat(tables.map((table, index) => rawContentHeader(7, 1000 + index, table))))
  return Array.from(tables, () => connection.recvFrame()).filter((frame) => frame !== false)
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
