import { setImmediate as immediate } from 'node:timers/promises'
import { type RawBuilder, sql } from 'kysely'
import { vi } from 'vitest'
import type { Archive, ArchiveRecord } from '../../src/archive/archive.ts'
import { wallClock } from '../../src/clock/event-clock.ts'
import { createConsumerCounters } from '../../src/consumer/counters.ts'
import { QueueConsumer } from '../../src/consumer/queue-consumer.ts'
import { compileDefinitions } from '../../src/distiller/definition.ts'
import { createDistiller } from '../../src/distiller/distiller.ts'
import { TransientError } from '../../src/domain/errors.ts'
import type { Event } from '../../src/domain/event.ts'
import type { HandlerClass, HandlerEnv } from '../../src/pipeline/handler.ts'
import { createStreamRunner } from '../../src/pipeline/worker/stream-runner.ts'
import { Worker } from '../../src/pipeline/worker/worker.ts'
import type { Service } from '../../src/runtime/lifecycle.ts'
import { silentLogger } from '../../src/runtime/logger.ts'
import type { OpenDatabase } from '../../src/store/dialect.ts'
import { createSqlStore } from '../../src/store/sql-store.ts'
import { routerOf } from '../support/events.ts'
import { faultyStore } from './faulty-store.ts'
import { brokenInvariant, type Completed, countedAmiss, streamsWithResult } from './invariants.ts'
import { SimBroker } from './sim-broker.ts'
import { onSimulatedTime, SIM_CONSUMER } from './simulated-time.ts'
import { nextMessage, POISON, type Sent } from './workload.ts'
import { type Faults, NO_FAULTS, type Process, World } from './world.ts'

const FAULTS: Faults = {
  failsBefore: 0.03,
  failsAfter: 0.03,
  crashesAfter: 0.004,
  stalls: 0.01,
  dropsChannel: 0.05,
  handlerFails: 0.1,
  storeGoes: 0.3,
}
const START = Date.UTC(2026, 0, 1)
const MESSAGES = 100
const CONSUMERS = 3
const WORKERS = 3
const LEASE_MS = 2000
const RETRIES = 3
/** A stalled handler takes longer. */
const SLOW_AFTER_MS = 300
/** More than any run needs; one that comes so far goes round in circles. */
const MOST_STEPS = 100_000

export type Outcome = { readonly steps: number; readonly crashes: number; readonly events: number }

/**
 * Plays one seed: real consumers, workers and engine on a clock, a broker, an archive and a store that fail. Throws
 * when an invariant breaks, or when everything does not settle once the faults are over.
 */
export async function simulate(seed: number): Promise<Outcome> {
  const world = new World(seed, FAULTS)
  // Every other seed deletes streams when they are completed.
  return onSimulatedTime(world, START, (database) => new Simulation(world, database, seed % 2 === 0).run())
}

class Simulation {
  readonly #world: World
  readonly #database: OpenDatabase
  readonly #broker: SimBroker
  readonly #purges: boolean
  readonly #router = routerOf(
    {
      name: 'main',
      match_criteria: [{ event_type: 'x.*' }],
      fire_criteria: [{ event_type: 'x.end' }],
      fire_delay: 0.2,
      expiration: '$last + 5s',
      fire_pipeline: 'work',
      expire_pipeline: 'work',
    },
    {
      name: 'results',
      match_criteria: [{ event_type: 'made' }],
      fire_criteria: [{ event_type: 'never' }],
      expiration: '$last + 3s',
      expire_pipeline: 'pass',
    },
  )
  readonly #distiller = createDistiller(
    compileDefinitions([{ event_type: 'x.*', traits: { host: { fields: 'payload.host' } } }], () => {}),
    { catchAll: false },
  )
  readonly #sent: Sent[] = []
  readonly #archived = new Set<string>()
  readonly #completed: Completed = new Map()
  /** streams whose handlers have committed, or tried to */
  readonly #committed = new Set<number>()
  /** processes that are told to end in order and have not yet */
  readonly #stopping = new Set<Process>()
  readonly #running = new Map<Process, Service>()
  /** changes of the database when it was last checked */
  #changes = -1
  #checked = 0
  #steps = 0
  #crashes = 0

  constructor(world: World, database: OpenDatabase, purges: boolean) {
    this.#world = world
    this.#database = database
    this.#purges = purges
    this.#broker = new SimBroker(world)
  }

  async run(): Promise<Outcome> {
    for (let count = 0; count < CONSUMERS; count++) this.#keepRunning('consumer', count)
    for (let count = 0; count < WORKERS; count++) this.#keepRunning('worker', count)
    this.#publishNext()
    this.#causeTrouble()
    await this.#stepUntil(() => this.#sent.length >= MESSAGES)
    this.#world.faults = NO_FAULTS
    await this.#settle()
    return { steps: this.#steps, crashes: this.#crashes, events: await this.#count(sql`from event`) }
  }

  /** Starts a process, and another in its place when it is killed. */
  #keepRunning(kind: 'consumer' | 'worker', index: number): void {
    const process: Process = { name: `${kind}-${index}-${this.#steps}`, isAlive: true, onCrash: [] }
    process.onCrash.push(() => {
      this.#crashes++
      this.#running.delete(process)
      setTimeout(() => this.#keepRunning(kind, index), this.#world.random.int(1, 500))
    })
    void this.#start(kind, process)
  }

  async #start(kind: 'consumer' | 'worker', process: Process): Promise<void> {
    const store = await createSqlStore(this.#database, { writer: process.name, indexedTraits: ['host'] })
    const service = kind === 'consumer' ? this.#consumer(process, store) : this.#worker(process, store)
    if (!process.isAlive) return
    this.#running.set(process, service)
    await service.start()
  }

  /** An orderly end, after which another process takes its place. */
  async #stop(process: Process, service: Service): Promise<void> {
    this.#stopping.add(process)
    await service.stop()
    this.#stopping.delete(process)
    // From here on a kill finds nothing.
    if (process.isAlive) this.#world.crash(process)
  }

  #consumer(process: Process, store: Awaited<ReturnType<typeof createSqlStore>>): Service {
    return new QueueConsumer({
      broker: this.#broker.of(process),
      store: faultyStore(store, process, this.#world),
      archive: this.#archive(process),
      spec: { queue: 'q' } as never,
      counters: createConsumerCounters(),
      clock: wallClock,
      logger: silentLogger,
      router: this.#router,
      distiller: this.#distiller,
      ...SIM_CONSUMER,
    })
  }

  #archive(process: Process): Archive {
    return {
      append: async (records: readonly ArchiveRecord[]) => {
        await this.#world.passTime(process)
        if (this.#world.happens('failsBefore')) throw new TransientError('the disk is full')
        for (const { body } of records) this.#archived.add(String(body))
        await this.#world.passTime(process)
      },
      async close() {},
    }
  }

  #worker(process: Process, store: Awaited<ReturnType<typeof createSqlStore>>): Service {
    const shared = { router: this.#router, clock: wallClock, logger: silentLogger }
    const pipelines = new Map([
      ['work', { name: 'work', steps: [{ name: 'work', handler: this.#handler(process), params: {} }] }],
      ['pass', { name: 'pass', steps: [] }],
    ])
    return new Worker({
      ...shared,
      name: process.name,
      store: faultyStore(store, process, this.#world),
      runner: createStreamRunner({ ...shared, pipelines, purge: this.#purges, retries: RETRIES }),
      batchSize: 10,
      delayMs: 1000,
      slowAfterMs: SLOW_AFTER_MS,
      leaseMs: LEASE_MS,
      concurrency: 2,
      trim: undefined,
    })
  }

  /** Makes one event that tells which it has seen; fails at times, and dies of the poison. */
  #handler(process: Process): HandlerClass {
    const world = this.#world
    const committed = this.#committed
    return class {
      #streamId = 0

      async handleEvents(events: readonly Event[], { streamId }: HandlerEnv): Promise<readonly Event[]> {
        this.#streamId = streamId
        await world.passTime(process)
        const [first] = events as [Event]
        if (first.traits.host?.value === POISON) {
          world.crash(process)
          await world.passTime(process)
        }
        if (world.happens('handlerFails')) throw new Error('the handler fails')
        const seen = events.map(({ messageId }) => messageId).join(' ')
        const made = {
          messageId: `made-${streamId}`,
          eventType: 'made',
          timestamp: first.timestamp,
          traits: { host: first.traits.host as never, seen: { type: 'text', value: seen } as const },
        }
        return [...events, made]
      }
      async commit() {
        await world.passTime(process)
        committed.add(this.#streamId)
        if (world.happens('handlerFails')) throw new Error('the commit fails')
      }
      async rollback() {
        await world.passTime(process)
      }
    }
  }

  #publishNext(): void {
    if (this.#sent.length >= MESSAGES) return
    const message = nextMessage(this.#world, this.#sent)
    this.#sent.push(message)
    this.#broker.publish(message.body)
    setTimeout(() => this.#publishNext(), this.#world.random.int(0, 200))
  }

  #causeTrouble(): void {
    if (this.#world.faults === NO_FAULTS) {
      this.#world.isStoreAway = false
      return
    }
    const running = [...this.#running]
    const fault = this.#world.random.int(0, 3)
    this.#world.isStoreAway = this.#world.happens('storeGoes')
    if (fault <= 1) this.#broker.breakChannel()
    else if (running.length > 0) {
      const [process, service] = this.#world.random.pick(running)
      this.#running.delete(process)
      if (fault === 2) this.#world.crash(process)
      else void this.#stop(process, service)
    }
    setTimeout(() => this.#causeTrouble(), this.#world.random.int(100, 1000))
  }

  async #stepUntil(isDone: () => boolean | Promise<boolean>): Promise<void> {
    while (!(await isDone())) {
      if (++this.#steps > MOST_STEPS) throw new Error('it does not settle')
      vi.advanceTimersToNextTimer()
      await quiet()
      if (this.#world.isDirty) await this.#check()
    }
  }

  /** Without faults the queue is emptied and every stream ends; only poison ends in an error. */
  async #settle(): Promise<void> {
    await this.#stepUntil(() => this.#broker.isEmpty)
    await this.#letAllEnd()
    // Handlers that failed at every try while there were faults: an operator resets their streams.
    const store = await createSqlStore(this.#database)
    const reset = (await store.resetStreams('error')) + (await store.resetStreams('expire_error'))
    if (reset > 0) await this.#letAllEnd()
    const open = await this.#count(sql`from stream where state <> 6 and not (state in (4, 5)
      and distinguishing_traits like ${`%${POISON}%`})`)
    if (open > 0) throw new Error(`${open} streams have not ended`)
    const hanging = [...this.#stopping].find(({ isAlive }) => isAlive)
    if (hanging) throw new Error(`${hanging.name} does not stop`)
    const expected = new Set(
      this.#sent.filter(({ becomes }) => becomes === 'event').map((one) => one.messageId),
    )
    const stored = await this.#count(sql`from event where message_id not like 'made-%'`)
    if (stored !== expected.size) throw new Error(`${stored} of ${expected.size} messages are stored`)
    const missed = await countedAmiss(this.#database)
    if (missed.length > 0) throw new Error(`in no result, or in two: ${missed.join(' ')}`)
  }

  /** Every stream has expired by then, and that of the result it made, however often they were tried. */
  async #letAllEnd(): Promise<void> {
    const end = Date.now() + 30_000
    await this.#stepUntil(() => Date.now() > end)
  }

  async #count(what: RawBuilder<unknown>): Promise<number> {
    const { rows } = await sql<{ count: number }>`select count(*) as count ${what}`.execute(this.#database.db)
    return Number(rows[0]?.count)
  }

  async #check(): Promise<void> {
    this.#world.isDirty = false
    await this.#checkDatabase()
    const { acknowledged } = this.#broker
    for (; this.#checked < acknowledged.length; this.#checked++) {
      await this.#requireKept(acknowledged[this.#checked] as Buffer)
    }
  }

  /** Most of what asks the database changes nothing. */
  async #checkDatabase(): Promise<void> {
    const { db } = this.#database
    const [{ changes } = { changes: -1 }] = (
      await sql<{ changes: number }>`select total_changes() as changes`.execute(db)
    ).rows
    if (changes === this.#changes) return
    this.#changes = changes
    const broken = await brokenInvariant(this.#database, this.#completed, this.#purges)
    if (broken !== undefined) throw new Error(broken)
    const uncommitted = (await streamsWithResult(this.#database)).find((id) => !this.#committed.has(id))
    if (uncommitted !== undefined) throw new Error(`stream ${uncommitted} was completed without a commit`)
  }

  /** What was acknowledged is in the archive, and an event, a dead letter or nothing, as it should be. */
  async #requireKept(body: Buffer): Promise<void> {
    const message = this.#sent.find((one) => one.body.equals(body)) as Sent
    const { messageId, becomes } = message
    const isKept =
      (await this.#count(sql`from event where message_id = ${messageId}`)) === Number(becomes === 'event') &&
      (await this.#count(sql`from dead_letter where body = ${body}`)) === Number(becomes === 'dead letter')
    if (!isKept) throw new Error(`${body} was acknowledged and did not become ${becomes}`)
    if (isJson(body) && !this.#archived.has(String(body)))
      throw new Error(`${body} was acknowledged and is not in the archive`)
  }
}

/** What is no JSON is archived in another form. */
function isJson(body: Buffer): boolean {
  return body.toString().endsWith('}')
}

/** What can go on without time going on has done so. */
async function quiet(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await immediate()
}
