import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { expect, test } from 'vitest'
import type { MessageProperties } from '../../../../src/broker/message.ts'
import { plainBody } from '../../../../src/consumer/body/plain-body.ts'

const TEXT = '{"a":"grün"}'
const BODY = Buffer.from(TEXT)
/** `{"a":1}`, packed by bz2 of Python 3. */
const BZ2 = Buffer.from('QlpoOTFBWSZTWTrfA2AAAAKZgBAAIBAgAAAKIAAhgAwCWwbcXckU4UJA63wNgA==', 'base64')
const MARK = '\ufeff'

function bigEndian(text: string): Buffer {
  return Buffer.from(text, 'utf16le').swap16()
}

function utf32(text: string): Buffer {
  const bytes = [...text].map((char) => {
    const four = Buffer.alloc(4)
    four.writeUInt32BE(char.codePointAt(0) ?? 0)
    return four
  })
  return Buffer.concat(bytes)
}

const kombu = (compression: string): MessageProperties => ({ headers: { compression } })

test.each<[string, Buffer, MessageProperties]>([
  ['gzip of kombu, which is zlib', deflateSync(BODY), kombu('application/x-gzip')],
  ['gzip by its name in content-encoding', gzipSync(BODY), { contentEncoding: 'gzip' }],
  ['x-gzip', gzipSync(BODY), { contentEncoding: 'x-gzip' }],
  ['zlib, which HTTP calls deflate', deflateSync(BODY), { contentEncoding: 'deflate' }],
  ['deflate without the frame of zlib', deflateRawSync(BODY), { contentEncoding: 'deflate' }],
  ['a header of kombu that names none', gzipSync(BODY), { ...kombu('none'), contentEncoding: 'gzip' }],
  ['gzip and a charset, as Spring writes them', gzipSync(BODY), { contentEncoding: 'gzip:UTF-8' }],
  ['brotli', brotliCompressSync(BODY), { contentEncoding: 'br' }],
  ['zstd', zstdCompressSync(BODY), kombu('application/zstd')],
  ['twice packed', deflateSync(gzipSync(BODY)), { contentEncoding: 'gzip, deflate' }],
  ['named in both places', gzipSync(BODY), { ...kombu('application/x-gzip'), contentEncoding: 'gzip' }],
  ['gzip that nothing names', gzipSync(BODY), {}],
  ['zlib that nothing names', deflateSync(BODY), {}],
  ['zstd that nothing names', zstdCompressSync(BODY), {}],
  ['packed twice under one name', gzipSync(gzipSync(BODY)), { contentEncoding: 'gzip' }],
  ['zlib by its media type', deflateSync(BODY), { contentEncoding: 'application/zlib' }],
  ['UTF-32 by content-type', utf32(TEXT), { contentType: 'application/json; charset=utf-32' }],
  ['UTF-32 with a byte order mark', utf32(MARK + TEXT), {}],
  ['UTF-32, low byte first', utf32(MARK + TEXT).swap32(), {}],
  ['UTF-8 with a byte order mark', Buffer.from(MARK + TEXT), {}],
  ['packed, with a byte order mark', gzipSync(Buffer.from(MARK + TEXT)), { contentEncoding: 'gzip' }],
  [
    'latin-1 by content-type',
    Buffer.from(TEXT, 'latin1'),
    { contentType: 'application/json; charset=latin-1' },
  ],
  ['a quoted name', Buffer.from(TEXT, 'latin1'), { contentType: 'application/json;charset="ISO-8859-1"' }],
  ['latin-1 by content-encoding', Buffer.from(TEXT, 'latin1'), { contentEncoding: 'latin_1' }],
  ['UTF-16', Buffer.from(TEXT, 'utf16le'), { contentType: 'application/json; charset=utf-16' }],
  ['UTF-16 of Python', Buffer.from(MARK + TEXT, 'utf16le'), { contentEncoding: 'utf-16' }],
  ['UTF-16, big end first', bigEndian(MARK + TEXT), { contentType: 'application/json; charset=utf-16' }],
  ['UTF-16 that nothing names', bigEndian(MARK + TEXT), {}],
  ['UTF-16BE without a mark', bigEndian(TEXT), { contentType: 'text/plain; charset=utf-16be' }],
])('is read: %s', (_, body, properties) => {
  const plain = plainBody(body, properties, 1000)
  expect(plain.ok && String(plain.body)).toBe(TEXT)
})

test.each<[MessageProperties]>([
  [{}],
  [{ contentType: 'application/json', contentEncoding: 'utf-8', headers: {} }],
  [{ contentType: 'application/json; charset=utf-8' }],
  [{ contentEncoding: 'binary' }],
  [{ contentEncoding: 'us-ascii' }],
  [{ contentEncoding: 'of-next-year' }],
  [{ headers: { compression: 7 } }],
  [kombu('')],
  [kombu('none')],
  [kombu('identity')],
  [kombu('application/x-gzip')],
  [kombu('application/x-lzma')],
  [{ contentEncoding: 'gzip' }],
])('plain UTF-8 stays the same buffer: %j', (properties) => {
  const plain = plainBody(BODY, properties, 1000)
  expect(plain.ok && plain.body).toBe(BODY)
})

test('bytes that only begin like packed ones are left to the reader of JSON', () => {
  for (const body of ['xylophone', 'BZh9 is no JSON', '(µ/']) {
    const plain = plainBody(Buffer.from(body), {}, 1000)
    expect(plain.ok && String(plain.body)).toBe(body)
  }
})

test.each<[string, Buffer, MessageProperties, string, RegExp]>([
  [
    'LZMA',
    Buffer.from('LZMA'),
    kombu('application/x-lzma'),
    'decode',
    /compressed as application\/x-lzma, which is not supported/,
  ],
  [
    'what is neither packed nor JSON',
    Buffer.from('no JSON'),
    { contentEncoding: 'gzip' },
    'decode',
    /not compressed as gzip: incorrect header/,
  ],
  ['bz2 that is cut', BZ2.subarray(0, 30), kombu('application/x-bz2'), 'decode', /x-bz2: it ends too early/],
  [
    'an unknown charset',
    Buffer.from([0xe4]),
    { contentEncoding: 'klingon' },
    'decode',
    /charset klingon, which is not known/,
  ],
  [
    'bytes that are none of their charset',
    Buffer.from('{"a":', 'latin1'),
    { contentType: 'text/plain; charset=utf-16' },
    'decode',
    /not in the charset utf-16, which the message names/,
  ],
  [
    'a bomb',
    gzipSync(Buffer.alloc(10_000)),
    { contentEncoding: 'gzip' },
    'size',
    /more bytes than max_message_mb/,
  ],
  ['a bomb that nothing names', gzipSync(Buffer.alloc(10_000)), {}, 'size', /more bytes than max_message_mb/],
  [
    'a bomb of brotli',
    brotliCompressSync(Buffer.alloc(10_000)),
    { contentEncoding: 'br' },
    'size',
    /more bytes/,
  ],
  [
    'a bomb of zstd',
    zstdCompressSync(Buffer.alloc(10_000)),
    { contentEncoding: 'zstd' },
    'size',
    /more bytes/,
  ],
])('is refused: %s', (_, body, properties, stage, reason) => {
  const plain = plainBody(body, properties, 1000)
  expect(plain).toMatchObject({ ok: false, stage })
  expect(plain.ok || plain.reason).toMatch(reason)
})
