import { createArrivalClock } from '../clock/arrival-clock.ts'
import { createManualClock, type IntakeClock } from '../clock/event-clock.ts'
import { decodeNotificationText } from '../distiller/decode-notification.ts'
import { createDistiller, type Distiller } from '../distiller/distiller.ts'
import type { Event } from '../domain/event.ts'
import { explainStream } from '../explain/stream/explain-stream.ts'
import { type ActualStream, actualStream } from '../formats/actual-form.ts'
import type { StreamExplanation } from '../formats/stream-explanation.ts'
import { type TypedEvent, typedEvent } from '../formats/typed-form.ts'
import { createEventFinder } from '../pipeline/find-events.ts'
import { createStreamRunner, type StreamRunner } from '../pipeline/worker/stream-runner.ts'
import { Worker } from '../pipeline/worker/worker.ts'
import type { Logger } from '../runtime/logger.ts'
import { upgradeSchema } from '../store/schema/migrate.ts'
import { createSqlStore } from '../store/sql-store.ts'
import { openSqliteDatabase } from '../store/sqlite/sqlite-database.ts'
import type { Store } from '../store/store.ts'
import { createRouter, type TriggerRouter } from '../streams/router.ts'
import { stringifyJson } from '../text/json.ts'
import type { TestParts } from './parts.ts'
import { parseTestEvent } from './test-event.ts'
import type { TestStep } from './test-schema.ts'

/** Result of a test: its streams in order of id, and the events that pipelines produced. */
export type Actual = { readonly streams: readonly ActualStream[]; readonly events: readonly TypedEvent[] }

/** Result of a test, with explanations of its streams in the same order. */
export type TestResult = Actual & { readonly explanations: readonly StreamExplanation[] }

const EVERYTHING = { limit: 1_000_000, mark: undefined, ascending: true }
const LEASE_MS = 3_600_000
const DEFAULT_BATCH = 1000

/** Runs the steps of a test on an empty embedded store, with a clock that each step sets. */
export async function runTest(
  steps: readonly TestStep[],
  parts: TestParts,
  logger: Logger,
): Promise<TestResult> {
  const database = openSqliteDatabase(':memory:')
  await upgradeSchema(database.db, database.dialect.types)
  const store = await createSqlStore(database)
  const run = new TestRun(store, parts, logger)
  try {
    return await run.run(steps)
  } finally {
    await run.close()
    await store.close()
  }
}

class TestRun {
  readonly #store: Store
  readonly #logger: Logger
  readonly #clock = createManualClock(0)
  /** the time at which events join */
  readonly #arrivals: IntakeClock
  readonly #router: TriggerRouter
  readonly #distiller: Distiller
  readonly #runner: StreamRunner
  /** ids of the events that the steps gave, not produced by pipelines */
  readonly #given = new Set<string>()

  constructor(store: Store, parts: TestParts, logger: Logger) {
    this.#store = store
    this.#logger = logger
    this.#arrivals = parts.clock === 'auto' ? createArrivalClock(() => this.#clock.now()) : this.#clock
    this.#router = createRouter(parts.triggers, { closesDue: parts.clock === 'auto' })
    this.#distiller = createDistiller(parts.definitions, { catchAll: parts.catchAll })
    this.#runner = createStreamRunner({
      router: this.#router,
      clock: this.#clock,
      logger,
      pipelines: parts.pipelines,
      purge: parts.purge,
      retries: parts.retries,
      findEvents: createEventFinder(store),
    })
  }

  /** Closes the steps of pipelines that have run. */
  close(): Promise<void> {
    return this.#runner.close()
  }

  async run(steps: readonly TestStep[]): Promise<TestResult> {
    for (const step of steps) {
      this.#clock.set(step.now)
      await this.#take(step)
    }
    return { ...(await this.#actual()), explanations: await this.#explanations() }
  }

  async #explanations(): Promise<StreamExplanation[]> {
    const now = this.#clock.now()
    const clock = { mode: 'wall', now, wallNow: now, holds: [] } as const
    const explanations: StreamExplanation[] = []
    for (const stream of await this.#store.listStreams({}, EVERYTHING)) {
      const trigger = this.#router.triggers.find(({ name }) => name === stream.name)
      const claim = await this.#store.findClaim(stream.id)
      const events = this.#store.eventsOfStream(stream.id, {})
      explanations.push(await explainStream({ stream, claim, trigger, clock }, events))
    }
    return explanations
  }

  async #take(step: TestStep): Promise<void> {
    if ('run' in step) await this.#worker(step.batch ?? DEFAULT_BATCH).pass(step.run)
    else if ('reset' in step) await this.#store.resetStreams(step.reset)
    else await this.#put('event' in step ? parseTestEvent(step.event) : this.#distilled(step.notification))
  }

  #distilled(notification: object): Event | undefined {
    const decoded = decodeNotificationText(stringifyJson(notification))
    if (!decoded.ok) return undefined
    const distilled = this.#distiller.distil(decoded.notification, this.#clock.now())
    return distilled.kind === 'event' ? distilled.event : undefined
  }

  async #put(event: Event | undefined): Promise<void> {
    if (!event) return
    this.#given.add(event.messageId)
    const arrival = {
      event,
      at: this.#arrivals.arrive('', event.timestamp),
      keys: this.#router.keysOf(event),
    }
    await this.#store.storeBatch({ arrivals: [arrival], deadLetters: [] }, this.#router)
  }

  #worker(batchSize: number): Worker {
    return new Worker({
      router: this.#router,
      clock: this.#clock,
      logger: this.#logger,
      name: 'test',
      store: this.#store,
      runner: this.#runner,
      batchSize,
      delayMs: 0,
      leaseMs: LEASE_MS,
      concurrency: 1,
      trim: undefined,
    })
  }

  async #actual(): Promise<Actual> {
    const streams = await this.#store.listStreams({}, EVERYTHING)
    const members = await this.#store.eventsOfStreams(streams.map(({ id }) => id))
    const events = await this.#store.listEvents({}, EVERYTHING)
    return {
      streams: streams.map((stream) => actualStream(stream, members.get(stream.id) ?? [])),
      events: events
        .filter(({ messageId }) => !this.#given.has(messageId))
        .map(typedEvent)
        .sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1)),
    }
  }
}

/** Returns a sort key: timestamp, event type, message_id. */
function orderOf({ timestamp, event_type, message_id }: TypedEvent): string {
  return `${timestamp} ${event_type} ${message_id}`
}
