import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from 'amqplib'
import { createAmqpBroker } from '../../src/broker/amqp/amqp-broker.ts'
import { publishAll } from '../../src/broker/publish-all.ts'
import { createLineFile } from '../../src/cli/generate/line-output.ts'
import { writeLines } from '../../src/cli/generate/write-lines.ts'
import { parseIso } from '../../src/domain/time.ts'
import { bodiesOf } from '../../src/notigen/pace.ts'
import { type Simulated, type SimulationOptions, simulate } from '../../src/notigen/simulation.ts'
import { silentLogger } from '../../src/runtime/logger.ts'
import { queueOnly } from '../support/queue-only.ts'
import { median, printFigure } from './figure.ts'
import { withServers } from './servers.ts'

const START = parseIso('2026-11-19T00:00:00') as number
const DAY: SimulationOptions = {
  seed: 1,
  start: START,
  end: START + 86_400_000_000,
  instances: 500,
  operationsPerHour: 80,
}
const ROUNDS = 7
const QUEUE = 'bench.generate'

/** Simulated notifications per second: on one core into a file, and into RabbitMQ beside a publisher that does nothing else. */
export function benchGenerate(): Promise<void> {
  return withServers(async ({ folder, startRabbitmq }) => {
    await toFile(folder)
    await toRabbitmq(await startRabbitmq())
  })
}

async function toFile(folder: string): Promise<void> {
  const messages = [...simulate(DAY)]
  const bytes = messages.reduce((sum, { body }) => sum + body.length + 1, 0)
  const generated: number[] = []
  const written: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const file = join(folder, `day-${round}.jsonl`)
    generated.push(await rateOf(messages.length, () => writeFile(file, simulate(DAY))))
    rmSync(file)
    written.push(await rateOf(messages.length, () => writeFile(file, messages)))
    rmSync(file)
  }
  printFigure('generate_file_per_s', median(generated), {
    goal: 20_000,
    write_only_per_s: Math.round(median(written)),
    of_write_only: Number((median(generated) / median(written)).toFixed(2)),
    notifications: messages.length,
    mean_bytes: Math.round(bytes / messages.length),
  })
}

async function writeFile(path: string, messages: Iterable<Simulated>): Promise<void> {
  const file = await createLineFile(path)
  const { signal } = new AbortController()
  await writeLines(messages, file, { signal, isPaced: false, onWritten() {} })
  await file.close()
}

async function toRabbitmq(url: string): Promise<void> {
  const prepared = [...simulate(DAY)].map(({ body }) => Buffer.from(body))
  const bare: number[] = []
  const generated: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    await emptyQueue(url)
    bare.push(await rateOf(prepared.length, () => publishBare(url, prepared)))
    await emptyQueue(url)
    generated.push(await rateOf(prepared.length, () => publishSimulated(url)))
  }
  printFigure('generate_amqp_per_s', median(generated), {
    goal_of_bare_publisher: 0.9,
    bare_publisher_per_s: Math.round(median(bare)),
    of_bare_publisher: Number((median(generated) / median(bare)).toFixed(2)),
    notifications: prepared.length,
  })
}

async function emptyQueue(url: string): Promise<void> {
  const model = await connect(url)
  const channel = await model.createChannel()
  await channel.assertQueue(QUEUE, { durable: true })
  await channel.purgeQueue(QUEUE)
  await model.close()
}

/** A day of notifications: durable queue, persistent messages, confirms; the same number under way as ours. */
async function publishBare(url: string, prepared: readonly Buffer[]): Promise<void> {
  const model = await connect(url)
  const channel = await model.createConfirmChannel()
  let underWay = 0
  let wake: (() => void) | undefined
  for (const body of prepared) {
    underWay++
    channel.publish('', QUEUE, body, { persistent: true, contentType: 'application/json' }, () => {
      underWay--
      if (underWay <= 1000) wake?.()
    })
    if (underWay < 2000) continue
    await new Promise<void>((resolve) => {
      wake = resolve
    })
    wake = undefined
  }
  await channel.waitForConfirms()
  await model.close()
}

async function publishSimulated(url: string): Promise<void> {
  const broker = createAmqpBroker({ url, logger: silentLogger, reconnectMs: 100, maxReconnectMs: 1000 })
  const publisher = await broker.openPublisher()
  const spec = queueOnly(QUEUE)
  const { signal } = new AbortController()
  await publishAll(bodiesOf(simulate(DAY)), { publisher, spec, logger: silentLogger, signal })
  await publisher.close()
  await broker.close()
}

async function rateOf(count: number, run: () => Promise<void>): Promise<number> {
  const begun = performance.now()
  await run()
  return count / ((performance.now() - begun) / 1000)
}
