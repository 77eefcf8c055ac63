// Plays a cloud into the queue of a yagi.conf, and keeps a journal of what it sent for the ledger. It goes on where
// an earlier run ended, however that ended: the same settings give the same messages, so those that are not
// confirmed are made and sent once more.
//
//   node sandbox/supervisor/simulator.ts     (with the environment of the sandbox)

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stopSignal } from '../../src/assembly/daemon.ts'
import { openBroker } from '../../src/assembly/open-broker.ts'
import { queueOf } from '../../src/assembly/queue-of.ts'
import type { Publisher } from '../../src/broker/broker.ts'
import { publishAll } from '../../src/broker/publish-all.ts'
import { createFastClock } from '../../src/clock/event-clock.ts'
import { loadConfig } from '../../src/config/load/load-config.ts'
import { messageOf } from '../../src/domain/errors.ts'
import { formatIso, MICROS_PER_DAY, type Micros } from '../../src/domain/time.ts'
import { bodiesOf, pace } from '../../src/notigen/pace.ts'
import { type Simulated, type SimulationOptions, simulate } from '../../src/notigen/simulation.ts'
import { Backoff, sleep } from '../../src/runtime/backoff.ts'
import { createLogger } from '../../src/runtime/logger.ts'
import { Journal } from './journal.ts'
import { readSettings, type SandboxSettings } from './settings.ts'

/** The simulated time begins so long ago: an event from a day after now would not move the event clock. */
const DAYS_BEFORE = 365

/** Shares of messages and reports that go wrong, to have something to look at. */
const TROUBLE = { malformed: 0.004, duplicated: 0.01, late: 0.01, U5: 0.05 }

/** Returns the simulation of a data folder, which stays the same from its first run on. */
function simulationOf(settings: SandboxSettings): SimulationOptions & { readonly end: Micros } {
  const file = join(settings.data, 'simulation.json')
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8'))
  const end = Math.floor((Date.now() * 1000) / MICROS_PER_DAY) * MICROS_PER_DAY
  const { seed, instances, operationsPerHour } = settings
  const start = end - DAYS_BEFORE * MICROS_PER_DAY
  const options = { seed, start, end, instances, operationsPerHour, trouble: TROUBLE }
  writeFileSync(file, JSON.stringify(options))
  return options
}

/** Yields what is left of a simulation after its first messages, by number. */
function* after(count: number, messages: Iterable<Simulated>): Generator<Simulated> {
  let number = 0
  for (const message of messages) if (number++ >= count) yield message
}

/** Passes messages on, and calls `tell` with each simulated day that begins. */
async function* tellDays(
  messages: AsyncIterable<Simulated>,
  tell: (day: string) => void,
): AsyncGenerator<Simulated> {
  let day: string | undefined
  for await (const message of messages) {
    const today = formatIso(message.at).slice(0, 10)
    if (day !== undefined && day !== today) tell(today)
    day = today
    yield message
  }
}

/** Returns a publisher that keeps the journal. */
function noting(publisher: Publisher, journal: Journal): Publisher {
  const numbers = new WeakMap<Uint8Array, number>()
  return {
    declare: (spec) => publisher.declare(spec),
    declareExchange: (spec) => publisher.declareExchange(spec),
    close: () => publisher.close(),
    async publish(route, body, options) {
      // A body that is published again is the same object.
      const number = numbers.get(body) ?? journal.note(body)
      numbers.set(body, number)
      await publisher.publish(route, body, options)
      journal.confirm(number)
    },
  }
}

async function run(signal: AbortSignal): Promise<void> {
  const settings = readSettings(process.env)
  const logger = createLogger('info')
  const { yagi } = await loadConfig(settings.config, process.env)
  const { broker: address, queue: spec } = queueOf(yagi, undefined, settings.config)
  const journal = Journal.open(settings.data)
  const broker = await openBroker(address, logger)
  try {
    const publisher = await opened(broker, signal)
    if (!publisher) return
    const messages = after(journal.confirmed, simulate(simulationOf(settings)))
    const first = messages.next()
    if (first.done)
      return logger.info({}, 'the simulated cloud has reached today; sandbox/reset.sh begins again')
    const { at } = first.value
    logger.info(
      {},
      `goes on at ${formatIso(at).slice(0, 16)} of its cloud, after ${journal.confirmed} messages`,
    )
    const rest = (function* () {
      yield first.value
      yield* messages
    })()
    const paced = tellDays(pace(rest, createFastClock(at, settings.speed), settings.speed, signal), (day) =>
      logger.info({}, `${day} begins, after ${journal.confirmed} messages`),
    )
    await publishAll(bodiesOf(paced), { publisher: noting(publisher, journal), spec, logger, signal })
    await publisher.close()
  } finally {
    await broker.close()
    journal.close()
  }
}

async function opened(broker: Awaited<ReturnType<typeof openBroker>>, signal: AbortSignal) {
  const backoff = new Backoff({ initialMs: 200, maxMs: 5000 })
  while (!signal.aborted) {
    const publisher = await broker.openPublisher().catch(() => undefined)
    if (publisher) return publisher
    await sleep(backoff.next(), signal)
  }
  return undefined
}

const signal = stopSignal()
try {
  await run(signal)
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`)
  process.exitCode = 1
}
process.exit()
