import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { readJsonTexts, withoutOffset } from '../../../src/cli/read-json-texts.ts'
import { temporaryFolder } from '../../support/folders.ts'

async function read(text: string, name = 'n.json'): Promise<[number, string][]> {
  const file = join(temporaryFolder(), name)
  writeFileSync(file, name.endsWith('.gz') ? gzipSync(text) : text)
  const found = await Array.fromAsync(readJsonTexts(file))
  return found.map(({ number, text: one }) => [number, one])
}

const A = { event_type: 'a', payload: { text: 'a "b", {c} [d]\\', n: [1, { m: 2 }] } }
const B = { event_type: 'b' }

test.each([
  ['one a line', `${JSON.stringify(A)}\n\n${JSON.stringify(B)}\n`, [1, 3]],
  ['one a line, packed', `${JSON.stringify(A)}\n${JSON.stringify(B)}`, [1, 2], 'n.jsonl.gz'],
  ['indented', `${JSON.stringify(A, null, 2)}\n\n${JSON.stringify(B, null, '\t')}\n`, [1, 14]],
  ['a list', JSON.stringify([A, B]), [1, 1]],
  ['an indented list', JSON.stringify([A, B], null, 4), [2, 14]],
  ['a list with one a line', `[${JSON.stringify(A)},\n ${JSON.stringify(B)}]\n`, [1, 2]],
  ['objects in a row on a line', `${JSON.stringify(A)}${JSON.stringify(B)}`, [1, 1]],
  ['objects with commas at the ends of lines', `${JSON.stringify(A)},\n${JSON.stringify(B)},\n`, [1, 2]],
  ['objects with commas on a line', `${JSON.stringify(A)}, ${JSON.stringify(B)},`, [1, 1]],
  ['indented, with commas', `${JSON.stringify(A, null, 2)},\n${JSON.stringify(B, null, 2)},`, [1, 13]],
  ['indented, one behind the other', `${JSON.stringify(A, null, 2)}${JSON.stringify(B, null, 2)}`, [1, 12]],
  ['a list without commas', `[\n${JSON.stringify(A)}\n${JSON.stringify(B)}\n]`, [2, 3]],
  ['a list and an object on a line', `[${JSON.stringify(A)}]${JSON.stringify(B)}`, [1, 1]],
  ['lists in a row', `[${JSON.stringify(A)}]\n[\n${JSON.stringify(B)}\n]`, [1, 3]],
] as [string, string, number[], string?][])('%s', async (_, text, numbers, name) => {
  const found = await read(text, name)
  expect(found.map(([number]) => number)).toEqual(numbers)
  expect(found.map(([, one]) => JSON.parse(one))).toEqual([A, B])
  for (const [, one] of found) expect(one).not.toContain('\n')
})

const TEXT = `${JSON.stringify(A, null, 2)}\n${JSON.stringify(B)}\n`

test.each([
  ['with a byte order mark', Buffer.from(`\uFEFF${TEXT}`)],
  ['packed, whatever its name', gzipSync(TEXT)],
  ['packed in two pieces', Buffer.concat([gzipSync(TEXT.slice(0, 30)), gzipSync(TEXT.slice(30))])],
  ['with returns', Buffer.from(TEXT.replaceAll('\n', '\r\n'))],
  ['wrapped by hand', Buffer.from(TEXT.replace('{\n', '{').replace(/\n\s+"n"/, '"n"'))],
  ['with blank lines', Buffer.from(TEXT.replaceAll('\n', '\n  \n\n'))],
])('a file is read %s', async (_, bytes) => {
  const file = join(temporaryFolder(), 'n.json')
  writeFileSync(file, bytes)
  const found = await Array.fromAsync(readJsonTexts(file))
  expect(found.map(({ text }) => JSON.parse(text))).toEqual([A, B])
})

test('a line separator of Unicode does not end a line', async () => {
  const text = '{"a": "one\u2028two\u2029three"}'
  expect(await read(`${text}\n${text}`)).toEqual([
    [1, text],
    [2, text],
  ])
})

test.each([
  ['UTF-16', Buffer.from('\uFEFF{}', 'utf16le'), 'it is UTF-16; expected UTF-8'],
  ['UTF-16 without its mark', Buffer.from('{"a": 1}', 'utf16le'), 'it is no text, since it has a NUL byte'],
  ['UTF-16 in gzip', gzipSync(Buffer.from('\uFEFF{}', 'utf16le')), 'it is UTF-16; expected UTF-8'],
  [
    'bzip2',
    Buffer.from('425a68393141592653590011', 'hex'),
    'it is packed by bzip2; expected UTF-8, plain or',
  ],
  ['xz', Buffer.from('fd377a585a000004e6d6b446', 'hex'), 'it is packed by xz'],
  ['zlib', deflateSync(TEXT), 'it is packed by zlib'],
  ['zstd', zstdCompressSync(TEXT), 'it is packed by zstd'],
  ['a zip file in gzip', gzipSync(Buffer.from('PK\x03\x04\x0a\0\0\0\0\0\0\0')), 'it is packed by zip'],
  ['a program', readFileSync(process.execPath).subarray(0, 5000), 'it is no text, since it has a NUL byte'],
  ['gzip that is cut off', gzipSync(TEXT).subarray(0, 30), 'unexpected end of file'],
])('%s is refused in one sentence', async (_, bytes, message) => {
  const file = join(temporaryFolder(), 'n.json')
  writeFileSync(file, bytes)
  await expect(Array.fromAsync(readJsonTexts(file))).rejects.toThrow(`cannot read ${file}: ${message}`)
})

test('of messages that the management of RabbitMQ has written, the payload is read', async () => {
  const message = (payload: string, encoding = 'string') => ({
    payload_bytes: payload.length,
    routing_key: 'monitor.info',
    payload: encoding === 'base64' ? Buffer.from(payload).toString('base64') : payload,
    payload_encoding: encoding,
  })
  const payloads = [JSON.stringify(A), '{"n": 12345678901234567890}', 'no JSON']
  const list = payloads.map((payload) => message(payload))
  const lines = payloads.map((payload) => JSON.stringify(message(payload, 'base64'))).join('\n')
  const odd = '{"payload": 1, "payload_encoding": "string"}'
  const found = await read(`${JSON.stringify(list, null, 1)}\n${lines}\n${odd}`)
  expect(found.map(([, one]) => one)).toEqual([...payloads, ...payloads, odd])
  expect(found.map(([number]) => number)).toEqual([2, 8, 14, 21, 22, 23, 24])
})

test('a text may begin like something packed', async () => {
  expect(await read('x^2\n')).toEqual([[1, 'x^2']])
  expect(await read('BZh9\n{}')).toEqual([
    [1, 'BZh9'],
    [2, '{}'],
  ])
})

test('a missing file is refused in one sentence', async () => {
  await expect(Array.fromAsync(readJsonTexts('/no/such'))).rejects.toThrow('cannot read /no/such: ENOENT')
})

test('a list of many lines is passed on as it is read, each object with its place', async () => {
  const objects = Array.from({ length: 6000 }, (_, n) => ({ n, deep: [{ a: 1 }] }))
  const text = JSON.stringify(objects, null, 1)
  const found = await read(text)
  expect(found.map(([, one]) => JSON.parse(one))).toEqual(objects)
  const lines = text.split('\n')
  for (const [number] of found) expect(lines[number - 1]).toBe(' {')
})

test.each([
  ['in a line', '{"a": 1}\n{"a": x}\n', '2:7'],
  ['in an indented object', '{\n  "a": 1,\n  "ä": "ß", b: 2\n}\n', '3:13'],
  ['in a list', '[\n  {"a": 1},\n  {"a": 1,}\n]\n', '3:11'],
  ['at the end', '{"a": 1}\n{"a":', '2:6'],
  ['between objects on a line', '{"a": 1} {"b": } {"c": 1}', '1:16'],
  ['behind a list that ends too early', '[\n  {"a": 1},', '2:12'],
  ['in a list without its last bytes', '[\n  {"a": 1},\n  {"b": 2,\n   "c": ', '4:8'],
  ['in a list on a line', '[{"a": 1}, {"b": 2], {"c": 3}]', '1:19'],
  ['in a long list', `[\n${'{"a": 1},\n'.repeat(25_000)}  {"a": }]`, '25002:9'],
])('the place of a fault %s is told', async (_, text, expected) => {
  const file = join(temporaryFolder(), 'n.json')
  writeFileSync(file, text)
  const found = await Array.fromAsync(readJsonTexts(file))
  const faulty = found.filter(({ text: one }) => !isJson(one)).map(({ place }) => place())
  expect(faulty.map(({ line, column }) => `${line}:${column}`)).toEqual([expected])
})

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

test('reasons lose the offset into the joined text', () => {
  const reason = 'not JSON: Unexpected string in JSON at position 146 (line 1 column 147)'
  expect(withoutOffset(reason)).toBe('not JSON: Unexpected string')
})

test('numbers keep all their digits', async () => {
  expect(await read('[\n  {"n": 12345678901234567890}\n]')).toEqual([[2, '{"n": 12345678901234567890}']])
})

test.each([
  ['a line that is cut off', '{"a": 1\n{"b": 2}', ['{"a": 1', '{"b": 2}']],
  ['a list that never ends', '[\n{"b": 2},', ['{"b": 2}', '[']],
  ['a list on a line that never ends', '[{"a": 1}, {"b": 2}', ['{"a": 1}', '{"b": 2}', '[']],
  [
    'a list that is cut off',
    '[\n  {\n    "a": 1\n  },\n  {\n    "b": {\n      "c',
    ['{ "a": 1 }', '{ "b": { "c'],
  ],
  [
    'an element of an indented list',
    '[\n  {\n    "a": 1\n  },\n  {\n    "b": "x\n    "c": {\n      "d": 2\n    }\n  },\n  {\n    "e": 3\n  }\n]',
    ['{ "a": 1 }', '{ "b": "x "c": { "d": 2 } },', '{ "e": 3 }'],
  ],
  [
    'a bracket that is missing in an indented list',
    '[\n  {\n    "a": {\n      "b": 1\n  },\n  {\n    "c": 3\n  }\n]',
    ['{ "a": { "b": 1 },', '{ "c": 3 }'],
  ],
  ['a file without its begin', '    "a": 1\n  },\n  {\n    "b": 2\n  }\n]', ['"a": 1 },', '{ "b": 2 }', ']']],
  ['text behind an object', '{"a": 1} hello\n{"b": 2}}', ['{"a": 1}', 'hello', '{"b": 2}}']],
  ['a line that is cut off after a comma', '{"a": 1,\n{"b": 2}', ['{"a": 1,', '{"b": 2}']],
  [
    'a line that is cut off in a list',
    '{"a": [1,\n{"b": 2}\n{"b": 3}',
    ['{"a": [1,', '{"b": 2}', '{"b": 3}'],
  ],
  ['a line that is cut off in a text', '{"a": "x\n{"b": 2}', ['{"a": "x', '{"b": 2}']],
  ['more closed than opened', ']\n{"b": 2}', [']', '{"b": 2}']],
  ['text', 'hello\n{"b": 2}', ['hello', '{"b": 2}']],
  ['an empty list', '[]\n{"b": 2}', ['[]', '{"b": 2}']],
  [
    'a list of what is no object',
    '[1, {"b": 2}]\n[\n"x"\n]\n{"b": 2}',
    ['1', '{"b": 2}', '[ "x" ]', '{"b": 2}'],
  ],
])('%s costs the others nothing', async (_, text, expected) => {
  expect((await read(text)).map(([, one]) => one)).toEqual(expected)
})

test('a line that is not UTF-8 keeps its bytes', async () => {
  const file = join(temporaryFolder(), 'n.json')
  const odd = Buffer.from('{"a":"gr\u00fcn"}', 'latin1')
  writeFileSync(file, Buffer.concat([odd, Buffer.from('\n{"a":"grün"}\n{\n'), odd]))
  const found = await Array.fromAsync(readJsonTexts(file))
  expect(found.map(({ number, bytes }) => [number, bytes])).toEqual([
    [1, odd],
    [2, undefined],
    [3, undefined],
    [4, odd],
  ])
})

test('an indented object with bytes that are not UTF-8 keeps them, and a list those of its object', async () => {
  const file = join(temporaryFolder(), 'n.json')
  const text = Buffer.from('{\n  "a": "gr\u00fcn"\n}\n[{"b": 1}, {"c": "gr\u00fcn"}, {"d": 1}]', 'latin1')
  writeFileSync(file, Buffer.concat([text, Buffer.from('{"e": "grün"}')]))
  const found = await Array.fromAsync(readJsonTexts(file))
  expect(found.map(({ text: one, bytes }) => bytes?.toString('latin1') ?? one)).toEqual([
    '{ "a": "gr\u00fcn" }',
    '{"b": 1}',
    '{"c": "gr\u00fcn"}',
    '{"d": 1}',
    '{"e": "grün"}',
  ])
  expect(found.map(({ bytes }) => bytes !== undefined)).toEqual([true, false, true, false, false])
})

test('faults cost no more than objects', async () => {
  const cost = async (text: string) => {
    const begun = process.cpuUsage()
    await read(text)
    const { user, system } = process.cpuUsage(begun)
    return user + system
  }
  const objects = '{"a": [1, {}, {}]}\n'.repeat(5_000)
  await cost(objects)
  const most = 50 * (await cost(objects)) + 1_000_000
  for (const begin of ['{"a": [1,\n', '[{},\n', '[', '{"a": "x\n', '{"a":{"b": 1}}{', '  }\n'])
    expect(await cost(begin.repeat(5_000)), begin).toBeLessThan(most)
})

test('blanks cost no more than other characters', async () => {
  const cost = async (character: string) => {
    const text = JSON.stringify({ a: `x${character.repeat(1_000_000)}y`, b: [1] }, null, 1)
    const begun = process.cpuUsage()
    expect(await read(`${text}\n${text.replaceAll('\n', '')}`)).toHaveLength(2)
    const { user, system } = process.cpuUsage(begun)
    return user + system
  }
  await cost('z')
  expect(await cost(' ')).toBeLessThan(20 * (await cost('z')) + 1_000_000)
})
