import { appendFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { createMemoryBroker } from '../../../src/broker/memory/memory-broker.ts'
import { logsArgs } from '../../../src/cli/logs/logs-args.ts'
import { offsetsText, parseOffsets } from '../../../src/logs/collector/offsets-form.ts'
import { sentName } from '../../../src/logs/collector/source-file.ts'
import { parseLogLine } from '../../../src/logs/processor/log-line.ts'
import { nameParts } from '../../../src/logs/processor/name-parts.ts'
import { compilePath } from '../../../src/logs/processor/path-template.ts'
import { zeroCounters } from '../../../src/logs/processor/processor-state.ts'
import { QueueSink } from '../../../src/logs/processor/queue-sink.ts'
import { WrittenJournal } from '../../../src/logs/processor/written-journal.ts'
import { temporaryFolder } from '../../support/folders.ts'
import { queueOnly } from '../../support/queue-only.ts'
import { until } from '../../support/until.ts'

test.each([
  ['[]\n', []],
  ['null', []],
  ['[{"Ino":7,"Off":3}]\n', [[7n, 3n]]],
  ['[{"INO":7,"off":3,"more":[1]}] and more', [[7n, 3n]]],
  [
    '[{"Ino":18446744073709551615,"Off":-1},null,{}]',
    [
      [18446744073709551615n, -1n],
      [0n, 0n],
      [0n, 0n],
    ],
  ],
  ['[{"Ino":18446744073709551616,"Off":1}]', undefined],
  ['[{"Ino":1.0,"Off":1}]', undefined],
  ['[{"Ino":1,"Off":"1"}]', undefined],
  ['[{"Ino":-1,"Off":1}]', undefined],
  ['{}', undefined],
  ['[1]', undefined],
  ['', undefined],
  ['[{"Ino":1,"O', undefined],
])('the file of offsets is read as Go reads it: %s', (text, entries) => {
  expect(parseOffsets(text)?.map(({ inode, offset }) => [inode, offset])).toEqual(entries)
})

test('the file of offsets is written as Go writes it', () => {
  expect(offsetsText([{ inode: 18446744073709551615n, offset: 5n }])).toBe(
    '[{"Ino":18446744073709551615,"Off":5}]\n',
  )
})

test.each([
  ['a.log.old', 'a.log'],
  ['x.old.old', 'x.old'],
  ['.old', '.old'],
  ['sub/.old', 'sub/.old'],
  ['old', 'old'],
])('a file %s is sent as %s', (name, sent) => {
  expect(sentName(Buffer.from(name)).toString()).toBe(sent)
})

test.each([
  ['a/./b//../c.log', 'a/c.log'],
  ['/../../x', 'x'],
  ['a/', 'a'],
  ['../x', undefined],
  ['a/../..', undefined],
  ['.', undefined],
  ['', undefined],
  ['a\0b', undefined],
  ['n'.repeat(256), undefined],
  ['n'.repeat(255), 'n'.repeat(255)],
])('the name %j leads to %j', (name, path) => {
  const parts = nameParts(Buffer.from(name))
  expect('parts' in parts ? parts.parts.join('/') : undefined).toBe(path)
})

test('a template of paths takes host and file, and refuses what it does not know', () => {
  const path = compilePath('%host/100%%/%file')
  expect(path('a/b', Buffer.from('x')).toString()).toBe('a_b/100%/x')
  expect(path('..', Buffer.from('x')).toString()).toBe('_/100%/x')
  for (const wrong of ['%host', '%hots/%file']) expect(() => compilePath(wrong)).toThrow('must hold %file')
})

describe('arguments are taken as thunder takes them', () => {
  test.each([
    [
      ['logs-processor', '-target-dir', '/a', '--fsync', '-listen-address=1:2'],
      ['--target-dir', '/a', '--fsync', '--listen-address=1:2'],
    ],
    [['--target-dir=/a', 'logs-processor', 'extra', '--listen-address=1:2'], ['--target-dir=/a']],
    [
      ['logs-processor', '-c', 'yagi.conf', '--queue', 'q'],
      ['-c', 'yagi.conf', '--queue', 'q'],
    ],
    [['logs-processor', ''], ['']],
  ])('%j', (given, args) => {
    expect(logsArgs(given)).toEqual({ kind: 'run', args: ['logs-processor', ...args] })
  })

  test('help and what is no action', () => {
    expect(logsArgs(['logs-collector', '-h'])).toEqual({ kind: 'help', action: 'logs-collector' })
    expect(logsArgs(['--target-dir', '/a', 'logs-processor'])).toEqual({ kind: 'no action' })
  })
})

test.each([
  [
    '2026-11-30 12:00:00.123 77 ERROR nova.compute.manager [req-1 u1 t1 - default default] [instance: 5f3a-1] Out of memory',
    {
      level: 'ERROR',
      pid: 77,
      logger: 'nova.compute.manager',
      request_id: 'req-1',
      user_id: 'u1',
      tenant_id: 't1',
    },
    { instance_id: '5f3a-1', message: 'Out of memory', time: '2026-11-30T12:00:00.123' },
  ],
  [
    '2026-11-30 12:00:00.123 77 INFO cinder.api [None req-2 - - - - -] done',
    { level: 'INFO', pid: 77, logger: 'cinder.api', request_id: 'req-2' },
    { message: 'done', time: '2026-11-30T12:00:00.123' },
  ],
  [
    '2026-11-30 12:00:00.123 77 ERROR nova.api Traceback (most recent call last):',
    { level: 'ERROR', pid: 77, logger: 'nova.api' },
    { message: 'Traceback (most recent call last):', time: '2026-11-30T12:00:00.123' },
  ],
  ['something else', {}, { message: 'something else' }],
])('a line of a log says what it says: %s', (line, one, other) => {
  expect(parseLogLine(line)).toEqual({ ...one, ...other })
})

test('the journal tells after a crash how much of what was under way is written', () => {
  const folder = temporaryFolder()
  const file = join(folder, 'a.log')
  writeFileSync(file, 'before\n')
  const { dev, ino, size } = statSync(file, { bigint: true })
  const sizeOf = () => statSync(file).size
  const path = join(folder, 'state', 'written.db')
  const first = WrittenJournal.open(path, false, sizeOf)
  const piece = { peer: 'p', stream: 's', file: Buffer.from('a.log'), dev, ino }
  first.intend([{ ...piece, position: Number(size), begin: 0, length: 4 }])
  appendFileSync(file, 'abcd')
  first.finish([{ ...piece, position: Number(size), begin: 0, length: 4 }])
  first.intend([{ ...piece, position: Number(size) + 4, begin: 4, length: 6 }])
  appendFileSync(file, 'ef')
  // The process ends here: nothing is closed in order.
  const second = WrittenJournal.open(path, false, sizeOf)
  expect(second.written({ peer: 'p', stream: 's' })).toBe(6)
  expect(second.written({ peer: 'p', stream: 'other' })).toBe(0)
  second.close()
  first.close()
})

test('a journal of a later version is left as it is', () => {
  const path = join(temporaryFolder(), 'written.db')
  const later = new DatabaseSync(path)
  later.exec('pragma user_version = 2')
  later.close()
  expect(() => WrittenJournal.open(path, false, () => 0)).toThrow('is of a later version of stv3 (2)')
})

test('lines are published once they are whole, and answered for when the broker has them', async () => {
  const broker = createMemoryBroker()
  const publisher = await broker.openPublisher()
  const spec = queueOnly('logs')
  await publisher.declare(spec)
  const bodies: { message_id: string; payload: { message: string; file: string } }[] = []
  broker.subscribe(spec, {
    prefetch: 100,
    onDelivery: ({ body }) => void bodies.push(JSON.parse(body.toString())),
    onLost: () => {},
  })
  const counters = zeroCounters()
  const logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => logger }
  const sink = new QueueSink({
    publisher,
    route: { exchange: '', routingKey: 'logs' },
    counters,
    logger,
    clock: () => 0,
  })
  const sender = { host: 'c1', peer: 'p', signal: new AbortController().signal }
  const take = (text: string, begin: number, stream = 's') => {
    const pieces = [Buffer.from(text)]
    const [from, to] = [BigInt(begin), BigInt(begin + text.length)]
    return sink.take(
      { file: Buffer.from('a.log'), inode: 7n, stream, begin: from, end: to, pieces },
      sender,
      () => {},
    )
  }
  expect(await take('one\ntw', 0)).toBe(4n)
  expect(await take('o\n\nthree\n', 6)).toBe(15n)
  // The same again, as after a crash, has the same ids.
  expect(await take('one\n', 0, 's')).toBe(4n)
  await until('all lines', () => bodies.length === 4)
  expect(bodies.map(({ payload }) => payload.message)).toEqual(['one', 'two', 'three', 'one'])
  expect(bodies[0]?.message_id).toBe(bodies[3]?.message_id)
  expect(new Set(bodies.map(({ message_id }) => message_id)).size).toBe(3)
  expect(counters.publishedLines).toBe(4)
  await sink.close()
  await broker.close()
})
