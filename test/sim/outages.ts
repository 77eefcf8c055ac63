import { setImmediate as immediate } from 'node:timers/promises'
import { vi } from 'vitest'
import { ConsumerClock } from '../../src/clock/consumer-clock.ts'
import { WatermarkClock } from '../../src/clock/watermark-clock.ts'
import { createConsumerCounters } from '../../src/consumer/counters.ts'
import { QueueConsumer } from '../../src/consumer/queue-consumer.ts'
import { compileDefinitions } from '../../src/distiller/definition.ts'
import { createDistiller } from '../../src/distiller/distiller.ts'
import type { Event } from '../../src/domain/event.ts'
import { canonicalTraits } from '../../src/domain/trait.ts'
import type { HandlerClass } from '../../src/pipeline/handler.ts'
import { createStreamRunner } from '../../src/pipeline/worker/stream-runner.ts'
import { Worker } from '../../src/pipeline/worker/worker.ts'
import { createGroup, type Service } from '../../src/runtime/lifecycle.ts'
import { silentLogger } from '../../src/runtime/logger.ts'
import type { OpenDatabase } from '../../src/store/dialect.ts'
import { createSqlStore } from '../../src/store/sql-store.ts'
import type { Store } from '../../src/store/store.ts'
import { createRouter } from '../../src/streams/router.ts'
import { compileTriggers } from '../../src/streams/trigger.ts'
import { SimBroker } from './sim-broker.ts'
import { onSimulatedTime, SIM_CONSUMER } from './simulated-time.ts'
import { NO_FAULTS, type Process, World } from './world.ts'

const HOUR_MS = 3_600_000
const START = Date.UTC(2026, 0, 1)
const DAYS = 6
const HOURS_PER_TICK = 4
const TICKS = (DAYS * 24) / HOURS_PER_TICK
/** How long everything runs at each tick before the clock jumps to the next. */
const RUN_MS = 8000
/** After the last tick everything works off what is left, and every stream ends. */
const REST_TICKS = 16
const HOSTS = ['a', 'b', 'c', 'd']
const QUEUES = ['one', 'two'] as const
type Queue = (typeof QUEUES)[number]

const TRIGGERS = compileTriggers(
  [
    {
      name: 'day',
      distinguished_by: ['host', { timestamp: 'day' }],
      match_criteria: [{ event_type: 'x.*' }],
      fire_criteria: [{ event_type: 'x.exists' }],
      fire_delay: 60,
      expiration: '$last + 1d',
      fire_pipeline: 'work',
      expire_pipeline: 'work',
    },
    {
      name: 'results',
      distinguished_by: ['host'],
      match_criteria: [{ event_type: 'made' }],
      fire_criteria: [{ event_type: 'never' }],
      expiration: '$last + 2h',
      expire_pipeline: 'pass',
    },
  ],
  () => {},
)

/** What is down, from a tick on and for so many. */
export type Outage = {
  readonly what: 'consumers' | 'workers' | 'everything' | Queue
  readonly from: number
  readonly ticks: number
  /** killed, or ended in order */
  readonly isKill: boolean
}

type Message = { readonly tick: number; readonly queue: Queue; readonly body: Buffer }

/**
 * The messages of all days: events of each host and an exists each day, some late by up to half a minute. Where consumers
 * go on without a break the exists comes in the middle of the day, and what comes after it opens another stream. After a
 * break two queues, or two consumers of one, are not read in the order of their messages: then it ends the day.
 */
function workload(world: World, isInOrder: boolean): Message[] {
  const { random } = world
  const messages: { at: number; sentAt: number; queue: Queue; type: string; host: string }[] = []
  const end = START + DAYS * 24 * HOUR_MS
  for (const host of HOSTS) {
    for (let day = START; day < end; day += 24 * HOUR_MS) {
      for (let count = random.int(0, 4); count > 0; count--) {
        const at = day + random.int(0, 23 * HOUR_MS)
        messages.push({
          at,
          sentAt: at + random.int(0, 30_000),
          queue: random.pick(QUEUES),
          type: 'x.update',
          host,
        })
      }
      // Not every host has one each day: such a stream expires.
      const at =
        day + (isInOrder ? random.int(6 * HOUR_MS, 23 * HOUR_MS) : random.int(23 * HOUR_MS, 24 * HOUR_MS - 1))
      if (random.fraction() < 0.8)
        messages.push({
          at,
          sentAt: at + random.int(0, 5000),
          queue: random.pick(QUEUES),
          type: 'x.exists',
          host,
        })
    }
  }
  messages.sort((a, b) => a.sentAt - b.sentAt)
  return messages.map(({ at, sentAt, queue, type, host }, number) => ({
    tick: Math.floor((sentAt - START) / (HOURS_PER_TICK * HOUR_MS)),
    queue,
    body: Buffer.from(
      JSON.stringify({
        message_id: `m${number}`,
        event_type: type,
        timestamp: new Date(at).toISOString(),
        payload: { host },
      }),
    ),
  }))
}

/** Chooses what goes down in a run of this seed. */
export function outagesOf(seed: number): readonly Outage[] {
  const { random } = new World(seed, NO_FAULTS)
  const what = whatOf(seed)
  const ticks = random.int(2, (3 * 24) / HOURS_PER_TICK)
  return [{ what, from: random.int(1, TICKS - ticks), ticks, isKill: random.int(0, 1) === 1 }]
}

function whatOf(seed: number): Outage['what'] {
  return (['consumers', 'workers', 'everything', ...QUEUES] as const)[seed % 5] as Outage['what']
}

/** What became of the streams of a run: key, state, members, and what handlers saw. */
export type Facts = readonly string[]

/** Plays the days of a seed with these outages, and returns what became of the streams, in any order. */
export async function playDays(seed: number, outages: readonly Outage[]): Promise<Facts> {
  const world = new World(seed, NO_FAULTS)
  const isInOrder = whatOf(seed) === 'workers'
  return onSimulatedTime(world, START, (database) => new Days(world, database, outages, isInOrder).play())
}

type Role = { readonly kind: 'consumer'; readonly queue: Queue } | { readonly kind: 'worker' }
type Running = { readonly process: Process; readonly service: Service }

class Days {
  readonly #world: World
  readonly #database: OpenDatabase
  readonly #outages: readonly Outage[]
  readonly #isInOrder: boolean
  readonly #brokers: { readonly [queue in Queue]: SimBroker }
  readonly #roles: readonly Role[] = [
    { kind: 'consumer', queue: 'one' },
    { kind: 'consumer', queue: 'one' },
    { kind: 'consumer', queue: 'two' },
    { kind: 'worker' },
    { kind: 'worker' },
  ]
  readonly #running = new Map<Role, Running>()
  readonly #router = createRouter(TRIGGERS, { closesDue: true })
  readonly #distiller = createDistiller(
    compileDefinitions([{ event_type: 'x.*', traits: { host: { fields: 'payload.host' } } }], () => {}),
    { catchAll: false },
  )
  #started = 0

  constructor(world: World, database: OpenDatabase, outages: readonly Outage[], isInOrder: boolean) {
    this.#isInOrder = isInOrder
    this.#world = world
    this.#database = database
    this.#outages = outages
    this.#brokers = { one: new SimBroker(world, 'one'), two: new SimBroker(world, 'two') }
  }

  async play(): Promise<Facts> {
    const messages = workload(this.#world, this.#isInOrder)
    for (let tick = 0; tick < TICKS + REST_TICKS; tick++) {
      // Before the hours of the tick before have passed: what is sent in them finds down what is down.
      await this.#keep(tick)
      vi.setSystemTime(START + tick * HOURS_PER_TICK * HOUR_MS)
      // What is sent in a tick comes when it is over: no message is of the future.
      for (const { queue, body } of messages.filter((one) => one.tick === tick - 1)) {
        this.#brokers[queue].publish(body)
      }
      await this.#pass(RUN_MS)
    }
    return this.#facts()
  }

  /** Starts what should run at a tick, and ends what should not. */
  async #keep(tick: number): Promise<void> {
    for (const role of this.#roles) {
      const outage = this.#outages.find(
        (one) => tick >= one.from && tick < one.from + one.ticks && concerns(one, role),
      )
      const running = this.#running.get(role)
      if (!outage && !running) await this.#start(role)
      if (outage && running) {
        this.#running.delete(role)
        if (outage.isKill) this.#world.crash(running.process)
        const stopping = running.service.stop()
        await this.#pass(1000)
        await stopping
      }
    }
  }

  async #start(role: Role): Promise<void> {
    const process: Process = { name: `${role.kind}-${++this.#started}`, isAlive: true, onCrash: [] }
    const store = await createSqlStore(this.#database, { writer: process.name, indexedTraits: ['host'] })
    const service =
      role.kind === 'consumer' ? this.#consumer(role.queue, process, store) : this.#worker(process, store)
    this.#running.set(role, { process, service })
    await service.start()
  }

  #consumer(queue: Queue, process: Process, store: Store): Service {
    // What a dead process asks for is answered to nobody.
    const alive = aliveOnly(store, process)
    const clock = new ConsumerClock({ store: alive, logger: silentLogger, patienceMs: 30 * 24 * HOUR_MS })
    const consumer = new QueueConsumer({
      broker: this.#brokers[queue].of(process),
      store: alive,
      archive: undefined,
      spec: { queue } as never,
      counters: createConsumerCounters(),
      clock,
      logger: silentLogger,
      router: this.#router,
      distiller: this.#distiller,
      ...SIM_CONSUMER,
    })
    return createGroup([clock, consumer])
  }

  #worker(process: Process, store: Store): Service {
    const alive = aliveOnly(store, process)
    const clock = new WatermarkClock({ store: alive, logger: silentLogger, patienceMs: 30 * 24 * HOUR_MS })
    const shared = { router: this.#router, clock, logger: silentLogger }
    const pipelines = new Map([
      ['work', { name: 'work', steps: [{ name: 'work', handler: Work, params: {} }] }],
      ['pass', { name: 'pass', steps: [] }],
    ])
    const worker = new Worker({
      ...shared,
      name: process.name,
      store: alive,
      runner: createStreamRunner({ ...shared, pipelines, purge: false, retries: 3 }),
      batchSize: 10,
      delayMs: 1000,
      leaseMs: 2000,
      concurrency: 2,
      trim: undefined,
    })
    return createGroup([clock, worker])
  }

  async #pass(ms: number): Promise<void> {
    const end = Date.now() + ms
    while (Date.now() < end) {
      vi.advanceTimersByTime(Math.min(50, end - Date.now()))
      for (let turn = 0; turn < 6; turn++) await immediate()
    }
  }

  async #facts(): Promise<Facts> {
    const store = await createSqlStore(this.#database)
    const streams = await store.listStreams({}, { limit: 10_000, mark: undefined, ascending: true })
    const members = await store.eventsOfStreams(streams.map(({ id }) => id))
    return streams
      .map((stream) => {
        const key = canonicalTraits(stream.distinguishingTraits)
        const events = (members.get(stream.id) ?? []).map(nameOf).sort()
        return `${stream.name} ${key} ${stream.state}: ${events.join(' ')}`
      })
      .sort()
  }
}

function nameOf({ messageId, traits }: Event): string {
  return traits.seen ? `[${traits.seen.value}]` : messageId
}

/** Makes one event of what it has seen. */
const Work: HandlerClass = class {
  handleEvents(events: readonly Event[]): readonly Event[] {
    const [first] = events as [Event]
    const seen = events.map(({ messageId }) => messageId).sort()
    const traits = {
      host: first.traits.host as never,
      seen: { type: 'text', value: seen.join(' ') } as const,
    }
    const made = { messageId: `made-${seen.join()}`, eventType: 'made', timestamp: first.timestamp, traits }
    return [...events, made]
  }
  commit() {}
  rollback() {}
}

function concerns({ what }: Outage, role: Role): boolean {
  if (what === 'everything') return true
  if (role.kind === 'worker') return what === 'workers'
  return what === 'consumers' || what === role.queue
}

/** A store whose answers a process gets only while it lives. */
function aliveOnly(store: Store, process: Process): Store {
  return new Proxy(store, {
    get(target, name: keyof Store) {
      const method = target[name] as (...parameters: unknown[]) => unknown
      if (name === 'encode' || name === 'eventsOfStream') return method
      return async (...parameters: unknown[]) => {
        if (!process.isAlive) throw new Error('the process is dead')
        return method(...parameters)
      }
    },
  })
}
