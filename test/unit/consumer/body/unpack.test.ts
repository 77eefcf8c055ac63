import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { unpack } from '../../../../src/consumer/body/unpack.ts'

const body = Buffer.from('{"a":1}')

test.each([
  ['what kombu makes', 'application/x-gzip', deflateSync(body)],
  ['gzip under that name', 'application/x-gzip', gzipSync(body)],
  ['a short name', 'gzip', gzipSync(body)],
])('%s', (_, compression, packed) => {
  expect(unpack(packed, compression, 1000)).toEqual({ ok: true, body })
})

test.each([
  [
    'what no one unpacks',
    'application/x-lzma',
    body,
    'decode',
    /application\/x-lzma, which is not supported/,
  ],
  [
    'bz2 that is none',
    'application/x-bz2',
    body,
    'decode',
    /not compressed as application\/x-bz2: it has no header/,
  ],
  ['what is not packed', 'application/x-gzip', body, 'decode', /not compressed as application\/x-gzip/],
  ['what is cut', 'application/x-gzip', gzipSync(body).subarray(0, 12), 'decode', /not compressed as/],
  ['another form', 'application/x-gzip', deflateRawSync(body), 'decode', /not compressed as/],
  [
    'a bomb',
    'application/x-gzip',
    gzipSync(Buffer.alloc(10_000_000)),
    'size',
    /more bytes than max_message_mb allows/,
  ],
])('%s is refused', (_, compression, packed, stage, reason) => {
  const unpacked = unpack(packed, compression, 1000)
  expect(unpacked).toMatchObject({ ok: false, stage })
  expect(unpacked.ok || unpacked.reason).toMatch(reason)
})
