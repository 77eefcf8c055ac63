import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { readTlsFiles } from '../../../src/runtime/tls-files.ts'
import { Authority } from '../../support/certificates.ts'
import { temporaryFolder } from '../../support/folders.ts'
import { startProcessor } from '../../support/logs/running-logs.ts'
import { until } from '../../support/until.ts'

/** A connection as the table of the kernel has it: its timer is 2 where it is one of keep-alive. */
const KEEP_ALIVE = 2

/** Returns the timer of the connection that a processor has with a client, by the table of the kernel. */
function timerOf(processorPort: number, clientPort: number): number | undefined {
  const hex = (port: number) => port.toString(16).toUpperCase().padStart(4, '0')
  const row = readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .find((line) => line.includes(`:${hex(processorPort)} 0100007F:${hex(clientPort)} 01 `))
  return row === undefined ? undefined : Number(/ 01 \S+ (\d\d):/.exec(row)?.[1])
}

/** Connects, sends bytes, and does not end its side by itself when the other side does. */
async function connected(port: number, bytes: string): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  onTestFinished(() => void socket.destroy())
  socket.on('error', () => {})
  await new Promise<void>((resolve) => socket.once('connect', resolve))
  socket.write(Buffer.from(bytes, 'hex'))
  return socket
}

/** Resolves when the other side has ended a connection. */
function ended(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    for (const event of ['end', 'close']) socket.once(event, () => resolve())
    socket.resume()
  })
}

test('connections that do not get encrypted in time are ended, whether their side is still open or not', async () => {
  const folder = temporaryFolder()
  const context = await readTlsFiles(new Authority(folder, 'ours').sign('server', 'DNS:localhost'), '/')
  const tls = { context, asksCertificate: false, allowsPlain: false, handshakeMs: 100 }
  const { processor, counters } = await startProcessor(folder, { tls })
  const beginOfHello = '1603010200010001fc'
  const sockets = [
    await connected(processor.port, ''),
    await connected(processor.port, beginOfHello),
    (await connected(processor.port, beginOfHello)).end(),
    (await connected(processor.port, '')).end(),
  ]
  await Promise.all(sockets.map(ended))
  expect(counters.connections).toBe(4)
  // One that ends before its first byte was only looking whether the port is open.
  await until('all to be counted', () => counters.deniedConnections === 3)
})

test('a collector that is allowed to be silent is asked by the system whether it is still there', async () => {
  const { processor, counters } = await startProcessor(temporaryFolder())
  const socket = await connected(processor.port, '')
  await until('it to be taken', () => counters.connections === 1)
  expect(timerOf(processor.port, (socket.address() as { port: number }).port)).toBe(KEEP_ALIVE)
})
