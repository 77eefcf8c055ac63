import { mkdtempSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { ChildProgram } from '../../sandbox/servers/child-program.ts'
import { Rabbitmq } from '../../sandbox/servers/rabbitmq.ts'
import { freePort } from '../../sandbox/servers/server-process.ts'
import { encodeMessage } from '../../src/heka/wire/encode-message.ts'
import { frameOf } from '../../src/heka/wire/frame.ts'
import { startCollector } from '../support/heka/collector.ts'
import { messageNumber, newSubject } from '../support/heka/subscription.ts'
import { startProgram } from '../support/servers/start-program.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'
import { until } from '../support/until.ts'

const folder = mkdtempSync(join(tmpdir(), 'heka-long-'))
let rabbitmq: Rabbitmq

beforeAll(async () => {
  rabbitmq = await Rabbitmq.start(folder)
})

afterAll(async () => {
  await rabbitmq.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** Starts a program of Heka that listens. Resolves when it runs. */
async function start(
  name: string,
  subject: string,
  settings: { readonly [name: string]: string },
): Promise<ChildProgram> {
  const program = startProgram([name], 'stv3', {
    BROKER_URL: rabbitmq.url,
    SUBJECT: subject,
    CLIENT_ID: 'test',
    STATS_ADDRESS: '',
    CONNECT_HOLD_DOWN: '200ms',
    ...settings,
  })
  await until(`${name} to run`, () => {
    if (!program.isRunning) throw new Error(program.stderr)
    return program.stderr.includes('"running"')
  })
  return program
}

async function startReceiver(subject: string, settings: { readonly [name: string]: string } = {}) {
  const port = await freePort()
  const environment = { BIND_ADDRESS: `127.0.0.1:${port}`, ...settings }
  return {
    port,
    program: await start('heka-tcp', subject, environment),
    again: () => start('heka-tcp', subject, environment),
  }
}

function dial(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket))
    socket.on('error', reject)
    onTestFinished(() => void socket.destroy())
  })
}

const body = (n: number) => encodeMessage(messageNumber(n))
const names = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => `m${from + index}`)

/** Returns the numbers of messages, in order, and how many came more than once. */
function tally(payloads: readonly string[]) {
  const distinct = new Set(payloads)
  return { distinct, repeated: payloads.length - distinct.size }
}

/** A subscriber that keeps its position, in small batches. */
const DURABLE = { DURABLE: 'd', DELIVER_ALL: 'true', BATCH_SIZE: '10', BATCH_TIMEOUT: '200ms' }

/** Sends so many messages, ten at a time with a pause after each ten. */
async function sendFrames(socket: Socket, count: number, pauseMs: number): Promise<void> {
  for (let sent = 0; sent < count; sent += 10) {
    socket.write(Buffer.concat(Array.from({ length: 10 }, (_, index) => frameOf(body(sent + index + 1)))))
    await delay(pauseMs)
  }
}

test('kill -9 of the subscriber under load: all arrives, and what comes twice is told by its key', async () => {
  const subject = newSubject()
  const { port } = await startReceiver(subject)
  const collector = await startCollector()
  const settings = { REMOTE_URL: collector.url, ...DURABLE }
  const socket = await dial(port)
  const sending = sendFrames(socket, 6000, 2)
  for (let round = 0; round < 3; round++) {
    const before = collector.posts.length
    const subscriber = await start('heka-subscribe', subject, settings)
    await until('some batches', () => collector.posts.length > before + 20)
    await subscriber.stop('SIGKILL')
  }
  await sending
  await start('heka-subscribe', subject, settings)
  await until('all messages', () => tally(collector.payloads()).distinct.size === 6000)
  await delay(500)
  const { repeated } = tally(collector.payloads())
  console.log(`${repeated} of 6000 messages came twice over three kills`)
  // No more than what was under way at each kill.
  expect(repeated).toBeLessThan(3 * 25 * 10 + 3 * 500)
})

test('kill -9 of the receiver under load: what its broker had confirmed arrives', async () => {
  const subject = newSubject()
  const collector = await startCollector()
  const receiver = await start('heka-http', subject, { BIND_ADDRESS: `127.0.0.1:${await freePort()}` })
  await receiver.stop('SIGKILL')
  const port = await freePort()
  const settings = { BIND_ADDRESS: `127.0.0.1:${port}` }
  await start('heka-subscribe', subject, {
    REMOTE_URL: collector.url,
    DELIVER_ALL: 'true',
    BATCH_TIMEOUT: '200ms',
  })
  const confirmed = new Set<string>()
  let number = 0
  const post = async (): Promise<void> => {
    const n = ++number
    const response = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: body(n) }).catch(
      () => undefined,
    )
    if (response?.status === 200) confirmed.add(`m${n}`)
  }
  for (let round = 0; round < 3; round++) {
    const http = await start('heka-http', subject, settings)
    const posting = Array.from({ length: 8 }, async () => {
      for (let count = 0; count < 60; count++) await post()
    })
    await delay(300)
    await http.stop('SIGKILL')
    await Promise.all(posting)
  }
  expect(confirmed.size).toBeGreaterThan(20)
  await until('all that was confirmed', () => {
    const { distinct } = tally(collector.payloads())
    return [...confirmed].every((name) => distinct.has(name))
  })
})

test('the broker ends and comes back under load: nothing that came over TCP is lost', async () => {
  const subject = newSubject()
  const { port } = await startReceiver(subject)
  const collector = await startCollector()
  await start('heka-subscribe', subject, { REMOTE_URL: collector.url, ...DURABLE })
  const socket = await dial(port)
  const sending = sendFrames(socket, 5000, 10)
  await until('some messages', () => collector.payloads().length > 200)
  await rabbitmq.kill()
  await delay(1000)
  await rabbitmq.resume()
  await sending
  await until('all messages', () => tally(collector.payloads()).distinct.size === 5000, 120_000)
  const { distinct, repeated } = tally(collector.payloads())
  console.log(`${repeated} of 5000 messages came twice over a kill of the broker`)
  expect(names(1, 5000).filter((name) => !distinct.has(name))).toEqual([])
})

test('the HTTP receiver says 502 while its broker is away, and 200 only for what is there', async () => {
  const proxy = await TcpProxy.start(rabbitmq.url)
  onTestFinished(() => proxy.stop())
  const subject = newSubject()
  const port = await freePort()
  await start('heka-http', subject, {
    BROKER_URL: proxy.urlOf(rabbitmq.url),
    BIND_ADDRESS: `127.0.0.1:${port}`,
    CONNECT_HOLD_DOWN: '100ms',
  })
  const url = `http://127.0.0.1:${port}`
  const post = (n: number) => fetch(`${url}/`, { method: 'POST', body: body(n) }).then(({ status }) => status)
  const health = async () => {
    const response = await fetch(`${url}/health`)
    return [response.status, await response.text()]
  }
  expect(await post(1)).toBe(200)
  proxy.close()
  // It is tried again for ten seconds, and then refused.
  expect(await post(2)).toBe(502)
  expect(await post(3)).toBe(502)
  expect(await health()).toEqual([502, '{"status": "error", "message": "Circuit breaker is flipped!"}\n'])
  proxy.open()
  await until('the broker', async () => (await post(4)) === 200)
  expect((await health())[0]).toBe(200)
  const collector = await startCollector()
  await start('heka-subscribe', subject, {
    REMOTE_URL: collector.url,
    DELIVER_ALL: 'true',
    BATCH_TIMEOUT: '100ms',
  })
  await until('what was promised', () => collector.payloads().length >= 2)
  expect(collector.payloads()).toEqual(expect.arrayContaining(['m1', 'm4']))
})

test('a server that refuses, stalls and closes gets each message in the end', async () => {
  const subject = newSubject()
  const { port } = await startReceiver(subject)
  const taken: string[] = []
  const collector = await startCollector((response, { lines }, index) => {
    const kind = index % 5
    if (kind === 0) response.writeHead(503).end()
    else if (kind === 1) response.destroy()
    else if (kind === 2 && index < 20) return
    else {
      taken.push(...lines.map((line) => JSON.parse(line).Payload))
      response.end()
    }
  })
  await start('heka-subscribe', subject, {
    REMOTE_URL: collector.url,
    DELIVER_ALL: 'true',
    BATCH_SIZE: '20',
    BATCH_TIMEOUT: '200ms',
    REQUEST_TIMEOUT: '1s',
  })
  const socket = await dial(port)
  socket.write(Buffer.concat(Array.from({ length: 1000 }, (_, index) => frameOf(body(index + 1)))))
  await until('all messages', () => new Set(taken).size === 1000, 120_000)
})

test('five thousand connections with a message each, and then another one each', async () => {
  const subject = newSubject()
  const { port, program } = await startReceiver(subject)
  const collector = await startCollector()
  await start('heka-subscribe', subject, {
    REMOTE_URL: collector.url,
    DELIVER_ALL: 'true',
    BATCH_TIMEOUT: '200ms',
  })
  const sockets: Socket[] = []
  for (let count = 0; count < 5000; count += 250)
    sockets.push(...(await Promise.all(Array.from({ length: 250 }, () => dial(port)))))
  for (const [index, socket] of sockets.entries()) socket.write(frameOf(body(index + 1)))
  await until('the first messages', () => collector.payloads().length >= 5000, 120_000)
  for (const [index, socket] of sockets.entries()) socket.end(frameOf(body(5000 + index + 1)))
  await until('all messages', () => collector.payloads().length >= 10_000, 120_000)
  expect(tally(collector.payloads())).toMatchObject({ repeated: 0 })
  console.log(`the receiver held ${program.peakMemoryMb()} MB with 5,000 connections`)
})
