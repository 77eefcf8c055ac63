import { writeFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { ProcessorLink } from '../../../src/logs/collector/processor-link.ts'
import { Sender } from '../../../src/logs/collector/sender.ts'
import type { SourceFile } from '../../../src/logs/collector/source-file.ts'
import { SourceFiles } from '../../../src/logs/collector/source-files.ts'
import { decodeParts } from '../../../src/logs/wire/decode-message.ts'
import { helloExtra } from '../../../src/logs/wire/extras.ts'
import { FrameReader } from '../../../src/logs/wire/frame-reader.ts'
import { temporaryFolder } from '../../support/folders.ts'
import { until } from '../../support/until.ts'

/** Starts a processor that answers nothing. Returns its connections, and what has come on each. */
async function startSilent() {
  const sockets: Socket[] = []
  const received: string[][] = []
  const server = createServer((socket) => {
    const reader = new FrameReader(1 << 20)
    const texts: string[] = []
    sockets.push(socket)
    received.push(texts)
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      for (const parts of reader.read(chunk)) texts.push(Buffer.concat(decodeParts(parts).content).toString())
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return { port: (server.address() as { port: number }).port, sockets, received }
}

type World = {
  readonly folder: string
  readonly link: ProcessorLink
  readonly sockets: readonly Socket[]
  /** what has come on each connection */
  readonly received: readonly string[][]
  find(name: string, text: string): SourceFile
}

/** Starts a sender of the files of a new folder to a processor that answers nothing. `remember` is called within a turn. */
async function startSender(remember: (world: World) => Promise<void>): Promise<World> {
  const folder = temporaryFolder()
  const { port, sockets, received } = await startSilent()
  const logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => logger }
  const link = new ProcessorLink({
    ...{ target: { host: '127.0.0.1', port }, logger, isWaiting: () => false, onAnswer: () => {} },
    onOpen: () => sender.greet(),
    onLost: () => sender.lost(),
  })
  const files = new SourceFiles({
    ...{ folder: Buffer.from(folder), isWanted: () => true, own: new Set<string>(), now: () => 0 },
    ...{ remembered: () => undefined, onFault: () => {}, onLeft: () => {}, onNewLife: () => {} },
    onGrowth: (file) => sender.want(file),
  })
  const find = (name: string, text: string) => {
    writeFileSync(join(folder, name), text)
    files.lookAt(Buffer.from(name))
    const file = files.at(Buffer.from(name)) as SourceFile
    file.savedStream = file.stream
    return file
  }
  const counters = { messages: 0, bytes: 0, answers: 0, resentBytes: 0, refusals: 0, newLives: 0, faults: 0 }
  const sender = new Sender({
    ...{ link, counters, zstd: false, remember: () => remember(world), before: (file) => files.before(file) },
    ...{ onRead: () => {}, onShort: () => {}, onFault: () => {}, onOther: (file) => files.begunAnew(file) },
    hello: () => helloExtra({ peer: 'p', host: 'h', token: undefined, zstd: false }),
  })
  onTestFinished(async () => {
    await sender.stop()
    await link.stop()
    files.close()
  })
  const world = { folder, link, sockets, received, find }
  link.start()
  sender.start()
  return world
}

test('what had its turn on a lost connection does not go on the next one before what has to be sent again', async () => {
  const { find, received } = await startSender(async ({ sockets, link }) => {
    sockets[0]?.destroy()
    await until('the next connection', () => sockets.length === 2 && link.isConnected)
  })
  find('a.log.old', 'first\n')
  await until('the rotated file to be sent', () => received[0]?.length === 1)
  find('a.log', 'second\n').savedStream = ''
  await until('both on the next connection', () => received[1]?.length === 2)
  expect(received).toEqual([['first\n'], ['first\n', 'second\n']])
})

test('what is read behind the end of a file that was cut and has grown since is not taken for its rest', async () => {
  const { find, received } = await startSender(async ({ folder }) =>
    writeFileSync(join(folder, 'a.log'), 'new one\nnew two\nnew three\n'),
  )
  find('a.log', 'old one\n')
  await until('it to be sent', () => received[0]?.length === 1)
  find('a.log', 'old one\nold two\n').savedStream = ''
  await until('the new life to be sent', () => received[0]?.length === 2)
  expect(received).toEqual([['old one\n', 'new one\nnew two\nnew three\n']])
})
