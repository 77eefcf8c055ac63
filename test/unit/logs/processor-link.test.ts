import { spawn } from 'node:child_process'
import { getEventListeners, once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { ProcessorLink, type Target } from '../../../src/logs/collector/processor-link.ts'
import { until } from '../../support/until.ts'

/** A program that listens, prints its port, and does nothing more: connections wait until there are too many. */
const BLOCKED = `
  const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    console.log(server.address().port)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  })
`

/** Returns the port of a server to which no connection can be made, and that refuses none. */
async function blockedPort(): Promise<number> {
  const child = spawn(process.execPath, ['-e', BLOCKED], { stdio: ['ignore', 'pipe', 'ignore'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const [text] = await once(child.stdout, 'data')
  const port = Number(text)
  const fillers = Array.from({ length: 3 }, () => connect({ host: '127.0.0.1', port }).on('error', () => {}))
  onTestFinished(() => {
    for (const one of fillers) one.destroy()
  })
  await until('no more to fit', () => fillers.filter(({ connecting }) => !connecting).length === 2)
  return port
}

/** Starts a server that says nothing, and reads nothing where `reads` is false. Returns its port and connections. */
async function silentServer(reads: boolean) {
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    if (reads) socket.resume()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { port: (server.address() as { port: number }).port, sockets }
}

function startLink(target: Target): ProcessorLink {
  const logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => logger }
  const link = new ProcessorLink({
    ...{ target, logger, onAnswer: () => {}, onOpen: () => {}, onLost: () => {} },
    isWaiting: () => false,
  })
  link.start()
  onTestFinished(() => link.stop())
  return link
}

async function stopMs(link: ProcessorLink): Promise<number> {
  const begun = performance.now()
  await link.stop()
  return performance.now() - begun
}

test('a link stops at once while its connection is being made', async () => {
  const link = startLink({ host: '127.0.0.1', port: await blockedPort() })
  expect(await stopMs(link)).toBeLessThan(1000)
})

test('a link stops soon where the other side takes no more', async () => {
  const { port } = await silentServer(false)
  const link = startLink({ host: '127.0.0.1', port })
  await until('it to connect', () => link.isConnected)
  link.send([Buffer.alloc(32 << 20)], false)
  expect(await stopMs(link)).toBeLessThan(5000)
})

test('a link keeps nothing of the connections that it has lost', async () => {
  const adding = vi.spyOn(EventTarget.prototype, 'addEventListener')
  onTestFinished(() => adding.mockRestore())
  const { port, sockets } = await silentServer(true)
  const link = startLink({ host: '127.0.0.1', port })
  for (let count = 1; count <= 3; count++) {
    await until('it to connect', () => sockets.length === count && link.isConnected)
    if (count < 3) sockets.at(-1)?.destroy()
    if (count < 3) await until('it to be lost', () => !link.isConnected)
  }
  const signals = adding.mock.contexts.filter((one) => one instanceof AbortSignal)
  expect(signals.flatMap((signal) => getEventListeners(signal, 'abort'))).toEqual([])
})
