import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { encodeMessage } from '../../../src/logs/wire/encode-message.ts'
import { FrameReader } from '../../../src/logs/wire/frame-reader.ts'
import { temporaryFolder } from '../../support/folders.ts'
import { folderForm, inFolder } from '../../support/logs/folder-form.ts'
import {
  bytesOf,
  dataBytes,
  fieldLines,
  LOG_VECTORS,
  type ProcessorStep,
  type ProcessorVector,
} from '../../support/logs/log-vectors.ts'
import { startProcessor } from '../../support/logs/running-logs.ts'
import { until } from '../../support/until.ts'

/** What ours does where a vector names a fault of thunder: answers per connection, whether it ends, and files. */
const OURS: { readonly [id: string]: Partial<Outcome> } = {
  'n-dotdot-deep': { connections: { 0: { answers: [], isEnded: true } } },
  'n-empty': { connections: { 0: { answers: [], isEnded: false } } },
  'e-full': {
    connections: { 0: { answers: ['AAAAEAAAAAAKBm9rLmxvZxACGAE='], isEnded: false } },
    target: { 'ok.log': '1\n' },
  },
}

type Outcome = {
  readonly connections: {
    readonly [conn: string]: { readonly answers: string[]; readonly isEnded: boolean | null }
  }
  readonly target: object
}

class Client {
  readonly socket: Socket
  readonly answers: string[] = []
  isEnded = false
  isDropped = false

  constructor(port: number) {
    const reader = new FrameReader(1 << 20)
    this.socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
    this.socket.on('data', (chunk: Buffer) => {
      for (const parts of reader.read(chunk)) {
        const body = Buffer.concat(parts)
        const whole = Buffer.concat([Buffer.alloc(8), body])
        whole.writeUInt32BE(body.length + 4)
        this.answers.push(whole.toString('base64'))
      }
    })
    this.socket.on('error', () => {})
    for (const event of ['end', 'close']) this.socket.on(event, () => (this.isEnded = true))
  }
}

async function run(vector: ProcessorVector): Promise<Outcome> {
  const folder = temporaryFolder()
  const target = join(folder, 'dst')
  mkdirSync(target)
  for (const name of vector.target_dirs ?? []) mkdirSync(join(target, name))
  for (const [name, to] of Object.entries(vector.target_links ?? {})) symlinkSync(to, join(target, name))
  for (const [name, data] of Object.entries(vector.target_before ?? {}))
    writeFileSync(inFolder(target, bytesOf(name)), dataBytes(data))
  const { processor, sink, counters } = await startProcessor(target)
  const clients = new Map<number, Client>()
  const clientAt = (conn: number) => {
    const client = clients.get(conn) ?? new Client(processor.port)
    clients.set(conn, client)
    return client
  }
  const isOurs = OURS[vector.id] !== undefined
  const refused = () => Object.values(counters.refusals).reduce((sum, count) => sum + count, 0)
  const step = async (one: ProcessorStep) => {
    switch (one.op) {
      case 'send': {
        const bytes = one.data ? messageOf(one.data) : Buffer.from(one.bytes ?? '', 'base64')
        const { socket } = clientAt(one.conn)
        if (!one.byte_by_byte) return void socket.write(bytes)
        for (const byte of bytes) {
          socket.write(Buffer.of(byte))
          await delay(0)
        }
        return
      }
      case 'answers':
        return until(
          'answers',
          () => clientAt(one.conn).answers.length >= one.count || (isOurs && refused() > 0),
        )
      case 'finish':
        clientAt(one.conn).socket.end()
        return until('the end', () => clientAt(one.conn).isEnded)
      case 'await_end':
        return until('the end', () => clientAt(one.conn).isEnded || (isOurs && refused() > 0))
      case 'drop':
        await until(
          'the message to be sent',
          () => counters.connections > 0 && clientAt(one.conn).socket.writableLength === 0,
        )
        clientAt(one.conn).isDropped = true
        return void clientAt(one.conn).socket.destroy()
      case 'pause':
        return delay(one.ms)
      case 'signal':
        return ['HUP', 'USR1'].includes(one.signal) ? sink.reopen() : undefined
      case 'rename':
        return renameSync(join(target, one.from), join(target, one.to))
      case 'delete':
        return rmSync(join(target, one.file))
    }
  }
  for (const one of vector.steps) await step(one)
  const connections = Object.fromEntries(
    [...clients].map(([conn, { answers, isEnded, isDropped }]) => [
      conn,
      isDropped ? { answers: [], isEnded: null } : { answers, isEnded },
    ]),
  )
  for (const { socket } of clients.values()) socket.destroy()
  expect(Object.keys(folderForm(folder)).filter((name) => !name.startsWith('dst/'))).toEqual([])
  return { connections, target: folderForm(target, vector.target_after) }
}

function messageOf(fields: Parameters<typeof fieldLines>[0]): Buffer {
  const head = {
    file: bytesOf(fields.file ?? ''),
    offset: BigInt(fields.offset ?? 0),
    inode: BigInt(fields.inode ?? 0),
  }
  return encodeMessage(head, fieldLines(fields))
}

function recorded({ connections, target_after }: ProcessorVector): Outcome {
  return {
    connections: Object.fromEntries(
      Object.entries(connections).map(([conn, { answers, ended_by_processor }]) => [
        conn,
        { answers: answers.map(({ bytes }) => bytes), isEnded: ended_by_processor },
      ]),
    ),
    target: target_after,
  }
}

test.each(LOG_VECTORS.processor)('a processor does as recorded: $id', async (vector) => {
  if (vector.target_missing)
    return expect(startProcessor('/nowhere/at/all')).rejects.toThrow('cannot use the target folder')
  expect(await run(vector)).toEqual({ ...recorded(vector), ...OURS[vector.id] })
})

test('each vector that names a fault of thunder has what ours does', () => {
  const faults = LOG_VECTORS.processor.filter((one) => one.differs_on_purpose && !one.target_missing)
  expect(faults.map(({ id }) => id).sort()).toEqual(Object.keys(OURS).sort())
})
