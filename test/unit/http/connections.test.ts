import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import express, { type Express } from 'express'
import { expect, onTestFinished, test } from 'vitest'
import { createHttpService, type Slowness } from '../../../src/http/http-service.ts'
import { refuseUpgrade } from '../../../src/http/refuse-upgrade.ts'
import { Authority } from '../../support/certificates.ts'
import { converse } from '../../support/converse.ts'
import { temporaryFolder } from '../../support/folders.ts'
import { until } from '../../support/until.ts'

const QUICK: Slowness = {
  headersTimeout: 200,
  requestTimeout: 300,
  keepAliveTimeout: 200,
  connectionsCheckingInterval: 50,
  graceMs: 100,
}

async function serve(app: Express, slowness: Slowness): Promise<string> {
  const service = createHttpService(app, { host: '127.0.0.1', port: 0 }, '--listen', slowness)
  await service.start()
  onTestFinished(() => service.stop())
  return `http://127.0.0.1:${service.address().port}`
}

function plainApp(): Express {
  const app = express()
  app.use(express.raw({ type: () => true }))
  app.use((_, response) => {
    response.send('ok')
  })
  return app
}

type Hostile = { readonly reads?: boolean; readonly drips?: boolean; readonly from?: string }

/** A client that never closes its side, whatever the server says. */
function hostile(url: string, text: string, { reads = true, drips = false, from }: Hostile = {}): Socket {
  const local = from === undefined ? {} : { localAddress: from }
  const socket = connect({
    host: '127.0.0.1',
    port: Number(new URL(url).port),
    allowHalfOpen: true,
    ...local,
  })
  socket.write(text)
  if (reads) socket.resume()
  socket.on('error', () => {})
  const timer = setInterval(() => drips && socket.write('a'), 20)
  // A server that has closed both directions answers what still comes with a reset.
  socket.on('end', () => setInterval(() => socket.write('a'), 20).unref())
  socket.on('close', () => clearInterval(timer))
  onTestFinished(() => {
    socket.destroy()
  })
  return socket
}

test.each([
  ['says nothing', '', {}],
  ['drips headers', 'GET / HTTP/1.1\r\nA: ', { drips: true }],
  ['drips headers and reads nothing', 'GET / HTTP/1.1\r\nA: ', { drips: true, reads: false }],
  ['drips a body', 'PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\nx', { drips: true }],
  ['sends no HTTP', 'FOO\r\n\r\n', { drips: true }],
  ['goes on with what is no HTTP', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', { drips: true }],
  ['was answered and says no more', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', {}],
  ['asked for the end', 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', { drips: true }],
])('a client that %s and never closes is closed', async (_, text, how) => {
  const url = await serve(plainApp(), QUICK)
  const socket = hostile(url, text, how)
  await until('it is closed', () => socket.destroyed)
})

test.each([
  ['say nothing', '', {}],
  ['drip headers', 'GET / HTTP/1.1\r\nA: ', { drips: true }],
  ['drip a body', 'PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\nx', { drips: true }],
  ['read nothing', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', { reads: false }],
])('as many clients as there may be, which %s, keep nobody out', async (_, text, how) => {
  const slow = { headersTimeout: 600_000, requestTimeout: 600_000, keepAliveTimeout: 600_000 }
  const url = await serve(plainApp(), { ...slow, mostConnections: 60, mostPerAddress: 20 })
  for (const from of ['127.0.0.1', '127.0.0.2', '127.0.0.3', '127.0.0.4', '127.0.0.5'])
    for (let count = 0; count < 25; count++) hostile(url, text, { ...how, from })
  for (let count = 0; count < 30; count++) {
    const answer = await fetch(url, { headers: { connection: 'close' }, signal: AbortSignal.timeout(20_000) })
    expect(await answer.text()).toBe('ok')
  }
})

test('who is being answered is not closed for others, and one address has no more than its share', async () => {
  const app = express()
  const gate = Promise.withResolvers<void>()
  let asked = 0
  app.use(async (_, response) => {
    asked++
    await gate.promise
    response.send('ok')
  })
  const url = await serve(app, { mostConnections: 12, mostPerAddress: 4 })
  const request = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
  const answers = Array.from({ length: 4 }, () => converse(url, request))
  await until('they are asked', () => asked === 4)
  const fifth = await converse(url, request).catch(() => '')
  expect(fifth).toBe('')
  const others = Array.from({ length: 40 }, (_, n) => hostile(url, '', { from: `127.0.0.${2 + (n % 8)}` }))
  await until('the others have made room', () => others.filter(({ destroyed }) => !destroyed).length <= 8)
  gate.resolve()
  for (const answer of await Promise.all(answers)) expect(answer).toMatch(/^HTTP\/1\.1 200 /)
})

test('what is asked behind an answer that nobody takes is not worked on, and not without end', async () => {
  const app = express()
  let asked = 0
  app.use((_, response) => {
    asked++
    response.send('x'.repeat(20_000_000))
  })
  const url = await serve(app, {})
  const one = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'
  hostile(url, one.repeat(20), { reads: false })
  await until('it is asked', () => asked > 0)
  expect((await fetch(url)).status).toBe(200)
  expect(asked).toBe(2)
})

test('a connection that asks too often before it is answered is closed', async () => {
  const app = express()
  let asked = 0
  app.use(() => {
    asked++
  })
  const url = await serve(app, {})
  const answers = await converse(url, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(200)).catch(() => '')
  expect(answers).toBe('')
  expect(asked).toBe(1)
})

test('pipelined requests are answered in their order', async () => {
  const app = express()
  app.use((request, response) => {
    setTimeout(() => response.send(request.url), request.url === '/a' ? 50 : 0)
  })
  const url = await serve(app, {})
  const of = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nHost: x\r\n${more}\r\n`
  const got = await converse(url, `${of('/a')}${of('/b')}${of('/c', 'Connection: close\r\n')}`)
  expect(got.match(/\/[abc]$|\/[abc](?=HTTP)/gm)).toEqual(['/a', '/b', '/c'])
})

const UPGRADE = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n'
/** Takes connections over, and says nothing more on them. */
const TAKES_OVER: Slowness = {
  onUpgrade: (_, socket) => void socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n'),
}

test('who is refused another protocol may reset the connection, and is closed where he does not', async () => {
  const url = await serve(plainApp(), { onUpgrade: (_, socket) => refuseUpgrade(socket, 404) })
  const resets = hostile(url, UPGRADE)
  resets.on('data', () => resets.resetAndDestroy())
  const holds = hostile(url, UPGRADE)
  await until('both are gone', () => resets.destroyed && holds.destroyed)
  expect((await fetch(url)).status).toBe(200)
})

test('who speaks another protocol is not closed for others, and takes nobody the share of the address', async () => {
  const url = await serve(plainApp(), { ...TAKES_OVER, mostPerAddress: 3 })
  const taken = Array.from({ length: 3 }, () => hostile(url, UPGRADE))
  await until('they are taken over', () => taken.every(({ bytesRead }) => bytesRead > 0))
  for (let count = 0; count < 5; count++) expect((await fetch(url)).status).toBe(200)
  expect(taken.map(({ readyState }) => readyState)).toEqual(['open', 'open', 'open'])
})

test('a service stops though clients speak another protocol', async () => {
  const slowness = { ...TAKES_OVER, graceMs: 50, longestStopMs: 600_000 }
  const service = createHttpService(plainApp(), { host: '127.0.0.1', port: 0 }, '--listen', slowness)
  await service.start()
  const socket = hostile(`http://127.0.0.1:${service.address().port}`, UPGRADE)
  await until('it is taken over', () => socket.bytesRead > 0)
  await service.stop()
  await until('it is closed', () => socket.destroyed)
})

test('a service stops though clients hold their connections', async () => {
  const app = express()
  app.get('/large', (_, response) => {
    response.write('x'.repeat(20_000_000))
  })
  app.use(plainApp())
  const slowness = { graceMs: 50, longestStopMs: 600_000 }
  const service = createHttpService(app, { host: '127.0.0.1', port: 0 }, '--listen', slowness)
  await service.start()
  const url = `http://127.0.0.1:${service.address().port}`
  const sockets = [
    hostile(url, ''),
    hostile(url, 'GET / HTTP/1.1\r\nA: ', { drips: true }),
    hostile(url, 'PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\nx', { drips: true }),
    hostile(url, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
  ]
  hostile(url, 'GET /large HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(5), { reads: false })
  await fetch(url)
  await service.stop()
  await until('they are closed', () => sockets.every(({ destroyed }) => destroyed))
})

test('a service stops though a client does not finish its handshake', async () => {
  const { cert, key } = new Authority(temporaryFolder(), 'http').sign('server', 'IP:127.0.0.1')
  const tls = { cert: readFileSync(cert), key: readFileSync(key) }
  const service = createHttpService(plainApp(), { host: '127.0.0.1', port: 0 }, '--listen', { tls })
  await service.start()
  const { port } = service.address()
  const socket = hostile(`https://127.0.0.1:${port}`, '\x16\x03\x01')
  await once(socket, 'connect')
  const stopped = service.stop()
  await until('it is closed', () => socket.destroyed, 5000)
  await stopped
})
