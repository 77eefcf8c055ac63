import { createServer as createHttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { ChildProgram } from '../../sandbox/servers/child-program.ts'
import { freePort } from '../../sandbox/servers/server-process.ts'
import { compileMatcher } from '../../src/heka/matcher/compile-matcher.ts'
import { Counters } from '../../src/heka/receivers/counters.ts'
import { createFrameIntake } from '../../src/heka/receivers/frame-intake.ts'
import { Intake } from '../../src/heka/receivers/intake.ts'
import { median, printFigure } from './figure.ts'
import { withServers } from './servers.ts'

const SPEC = "Type == 'nginx.access' && Severity < 7 && Fields[status] >= 200"
const WIRE_COUNT = 200_000
const ROUNDS = 5
const SIZE = 3000
const THROUGH_COUNT = 120_000
const LINE_FEED = 10

/**
 * Messages per second of one core from the socket through splitter, decoder and matcher, beside a server that only walks
 * the frames; and per second from TCP through RabbitMQ and the subscriber to an HTTP server, all on this machine.
 */
export async function benchHeka(): Promise<void> {
  await benchWire()
  await benchThrough()
}

async function benchWire(): Promise<void> {
  const ratios: number[] = []
  const rates: number[] = []
  for (let round = 0; round <= ROUNDS; round++) {
    const bare = await cpuSeconds(walker())
    const whole = await cpuSeconds(receiver())
    if (round === 0) continue
    ratios.push(bare / whole)
    rates.push(WIRE_COUNT / whole)
  }
  const of_bare_drain = Number(median(ratios).toFixed(2))
  printFigure('heka_wire_per_s', median(rates), {
    goal_of_bare_drain: 0.5,
    of_bare_drain,
    bytes: SIZE,
    spec: SPEC,
  })
}

type Reading = { readonly push: (bytes: Buffer) => void; readonly count: () => number }

/** Walks frames by their lengths and does nothing else. */
function walker(): Reading {
  let rest: Buffer = Buffer.alloc(0)
  let count = 0
  return {
    push(chunk) {
      const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk
      let at = 0
      for (;;) {
        const headerEnd = at + 2 + (bytes[at + 1] ?? 0)
        if (headerEnd >= bytes.length) break
        let length = 0
        for (let next = at + 3, shift = 0; next < headerEnd; next++, shift += 7)
          length |= ((bytes[next] as number) & 0x7f) << shift
        if (headerEnd + 1 + length > bytes.length) break
        at = headerEnd + 1 + length
        count++
      }
      rest = bytes.subarray(at)
    },
    count: () => count,
  }
}

function receiver(): Reading {
  let count = 0
  const splitter = createFrameIntake({
    intake: new Intake(compileMatcher(SPEC)),
    relay: () => count++,
    counters: new Counters(),
    mostMessageBytes: 65_536,
    signatures: () => ({ signers: new Map(), isRequired: false }),
  })
  return { push: (bytes) => splitter.push(bytes), count: () => count }
}

/** Returns the processor time of this thread while it reads all frames from a socket, s. */
async function cpuSeconds({ push, count }: Reading): Promise<number> {
  const server = createServer((socket) => socket.on('data', push))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const before = process.threadCpuUsage()
  const worker = new Worker(new URL('./heka-sender.ts', import.meta.url), {
    workerData: { port, count: WIRE_COUNT, size: SIZE },
  })
  const ended = new Promise((resolve) => worker.once('exit', resolve))
  while (count() < WIRE_COUNT) await delay(20)
  const { user, system } = process.threadCpuUsage(before)
  await ended
  server.close()
  return (user + system) / 1e6
}

function benchThrough(): Promise<void> {
  return withServers(async ({ startRabbitmq }) => {
    let lines = 0
    const collector = createHttpServer((request, response) => {
      request.on('data', (bytes: Buffer) => {
        for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, at + 1)) lines++
      })
      request.once('end', () => response.end())
    })
    await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve))
    const port = await freePort()
    const environment = {
      BROKER_URL: await startRabbitmq(),
      SUBJECT: 'bench',
      CLIENT_ID: 'bench',
      STATS_ADDRESS: '',
      BIND_ADDRESS: `127.0.0.1:${port}`,
      REMOTE_URL: `http://127.0.0.1:${(collector.address() as AddressInfo).port}/`,
      DELIVER_ALL: 'true',
      BATCH_TIMEOUT: '1s',
    }
    const programs = ['heka-tcp', 'heka-subscribe'].map(
      (name) => new ChildProgram('stv3', [name], environment),
    )
    for (const program of programs) while (!program.stderr.includes('"running"')) await delay(50)
    const begun = performance.now()
    const workerData = { port, count: THROUGH_COUNT, size: SIZE }
    new Worker(new URL('./heka-sender.ts', import.meta.url), { workerData })
    while (lines < THROUGH_COUNT) await delay(20)
    const seconds = (performance.now() - begun) / 1000
    const [receiver_rss_mb, subscriber_rss_mb] = programs.map((program) => program.peakMemoryMb())
    const details = { goal: 30_000, receiver_rss_mb, subscriber_rss_mb, rss_goal_mb: 200, bytes: SIZE }
    printFigure('heka_through_per_s', THROUGH_COUNT / seconds, details)
    for (const program of programs) await program.stop()
    collector.close()
  })
}
