import { connect } from 'amqplib'
import { expect, onTestFinished, test } from 'vitest'
import { Rabbitmq } from '../../sandbox/servers/rabbitmq.ts'
import { PublisherPool } from '../../src/assembly/publisher-pool.ts'
import { createManualClock } from '../../src/clock/event-clock.ts'
import type { Event } from '../../src/domain/event.ts'
import type { Handler, HandlerEnv } from '../../src/pipeline/handler.ts'
import { checkedParams } from '../../src/pipeline/handlers/check-params.ts'
import { createHandlerContext } from '../../src/pipeline/handlers/handler-context.ts'
import { NotabeneHandler } from '../../src/pipeline/handlers/notabene-handler.ts'
import type { Pipeline } from '../../src/pipeline/load-pipelines.ts'
import { createStreamRunner } from '../../src/pipeline/worker/stream-runner.ts'
import { Worker } from '../../src/pipeline/worker/worker.ts'
import { silentLogger } from '../../src/runtime/logger.ts'
import { createSqlStore } from '../../src/store/sql-store.ts'
import type { Store } from '../../src/store/store.ts'
import { DATABASES } from '../support/databases.ts'
import { at, event, routerOf } from '../support/events.ts'
import { temporaryFolder } from '../support/folders.ts'
import { openStep } from '../support/handlers.ts'
import { until } from '../support/until.ts'

const NOW = at('2026-01-01T00:00:00')
const ALL = { limit: 1000, mark: undefined, ascending: true }
const QUEUE = 'verified'
const STREAMS = 5
const router = routerOf({ match_criteria: [{ event_type: 'x' }], fire_criteria: [{ event_type: 'x' }] })

/** Leaves two notifications for publishing. */
class Noting implements Handler {
  handleEvents(events: readonly Event[], env: HandlerEnv): readonly Event[] {
    env.notes = ['first', 'second'].map((which) => ({ message_id: `${events[0]?.messageId}-${which}` }))
    return events
  }
  commit() {}
  rollback() {}
}

async function openStore(): Promise<Store> {
  const [sqlite] = DATABASES
  if (!sqlite) throw new Error('there is a database')
  const store = await createSqlStore(await sqlite.open(), { writer: 'test' })
  const arrivals = Array.from({ length: STREAMS }, (_, n) =>
    event({ messageId: `m${n}`, host: `h${n}`, eventType: 'x', timestamp: NOW }),
  ).map((one) => ({ event: one, at: NOW, keys: router.keysOf(one) }))
  await store.storeBatch({ arrivals, deadLetters: [] }, router)
  onTestFinished(() => store.close())
  return store
}

type Between = () => Promise<void>

/** A worker whose pipeline notes and publishes; `between` runs after the handlers and before the first commit. */
function workerOf(store: Store, url: string, between: Between): Worker {
  const publishers = new PublisherPool(silentLogger)
  onTestFinished(() => publishers.close())
  class Pausing extends Noting {
    override handleEvents(events: readonly Event[], _env: HandlerEnv) {
      return events
    }
    override commit() {
      return between()
    }
  }
  const params = { url, exchange: 'verified', queue_name: QUEUE, env_keys: ['notes', 'none'] }
  const pipeline: Pipeline = {
    name: 'publish',
    steps: [
      { name: 'noting', handler: Noting, params: {} },
      { name: 'between', handler: Pausing, params: {} },
      { name: 'notabene', handler: NotabeneHandler, params: checkedParams(NotabeneHandler, params) },
    ],
  }
  const shared = { router, clock: createManualClock(NOW + 1), logger: silentLogger }
  const runner = createStreamRunner({
    ...shared,
    pipelines: new Map([['fire', pipeline]]),
    publisherFor: publishers.publisherFor,
    purge: false,
    retries: 0,
  })
  return new Worker({
    ...shared,
    runner,
    name: 'test',
    store,
    batchSize: 100,
    delayMs: 10,
    slowAfterMs: Number.POSITIVE_INFINITY,
    leaseMs: 60_000,
    concurrency: 2,
    trim: undefined,
  })
}

/** The message ids in the queue, in order of their names. */
async function publishedIn(url: string): Promise<string[]> {
  const connection = await connect(url)
  const channel = await connection.createChannel()
  const ids: string[] = []
  for (;;) {
    const message = await channel.get(QUEUE, { noAck: true })
    if (!message) break
    ids.push(JSON.parse(String(message.content)).message_id)
  }
  await connection.close()
  return ids.sort()
}

const EXPECTED = Array.from({ length: STREAMS }, (_, n) => [`m${n}-first`, `m${n}-second`]).flat()

async function startRabbitmq(): Promise<Rabbitmq> {
  const rabbitmq = await Rabbitmq.start(temporaryFolder())
  onTestFinished(() => rabbitmq.stop())
  return rabbitmq
}

async function statesOf(store: Store): Promise<Set<string>> {
  return new Set((await store.listStreams({}, ALL)).map(({ state }) => state))
}

test('RabbitMQ stops between handling and commit: no stream is completed before it is back and has confirmed', async () => {
  const [rabbitmq, store] = [await startRabbitmq(), await openStore()]
  let stopped: Promise<void> | undefined
  const worker = workerOf(store, rabbitmq.url, () => {
    stopped ??= rabbitmq.pause()
    return stopped
  })
  let isDone = false
  const passing = worker.pass('fire').then(() => {
    isDone = true
  })
  await until('RabbitMQ is told to stop', () => stopped !== undefined)
  await stopped
  expect(isDone).toBe(false)
  expect(await statesOf(store)).toEqual(new Set(['firing']))
  await rabbitmq.resume()
  await passing
  expect(await statesOf(store)).toEqual(new Set(['completed']))
  expect(await publishedIn(rabbitmq.url)).toEqual(EXPECTED)
})

test('a worker that stops while RabbitMQ is away gives its streams back; the next one publishes', async () => {
  const [rabbitmq, store] = [await startRabbitmq(), await openStore()]
  await rabbitmq.pause()
  const first = workerOf(store, rabbitmq.url, async () => {})
  await first.start()
  await until('streams are claimed', async () => (await statesOf(store)).has('firing'))
  await first.stop()
  expect(first.counters).toMatchObject({ fired: 0, failed: 0 })
  await rabbitmq.resume()
  expect(await workerOf(store, rabbitmq.url, async () => {}).pass('fire')).toBe(STREAMS)
  expect(await statesOf(store)).toEqual(new Set(['completed']))
  expect(new Set(await publishedIn(rabbitmq.url))).toEqual(new Set(EXPECTED))
})

test('a queue that was deleted is declared again before anything is sent', async () => {
  const [rabbitmq, store] = [await startRabbitmq(), await openStore()]
  const connection = await connect(rabbitmq.url)
  const channel = await connection.createChannel()
  const worker = workerOf(store, rabbitmq.url, async () => {
    await channel.deleteQueue(QUEUE)
  })
  await worker.pass('fire')
  await connection.close()
  expect((await publishedIn(rabbitmq.url)).length).toBeGreaterThan(0)
  expect(await statesOf(store)).toEqual(new Set(['completed']))
})

test('RabbitMQ goes away and comes back while streams are published: none is completed without', async () => {
  const rabbitmq = await startRabbitmq()
  const publishers = new PublisherPool(silentLogger)
  onTestFinished(() => publishers.close())
  const params = { url: rabbitmq.url, exchange: 'verified', queue_name: QUEUE, env_keys: ['notes'] }
  const context = createHandlerContext(silentLogger, { publisherFor: publishers.publisherFor })
  const step = openStep(NotabeneHandler, params, context)
  const outcomes: unknown[] = []
  let count = 0
  const lane = async (lanes: number) => {
    for (let number = lanes; number < 150; number += 6) {
      const handler = step.forRun(context)
      handler.handleEvents([], { streamId: 1, streamName: 's', notes: [{ message_id: `n${number}` }] })
      outcomes.push(await handler.commit().then(() => 'ok', String))
      count++
    }
  }
  const lanes = Array.from({ length: 6 }, (_, index) => lane(index))
  await until('some are published', () => count > 20)
  await rabbitmq.pause()
  await rabbitmq.resume()
  await Promise.all(lanes)
  expect(outcomes.filter((outcome) => outcome !== 'ok')).toEqual([])
  const published = new Set(await publishedIn(rabbitmq.url))
  expect(published).toEqual(new Set(Array.from({ length: 150 }, (_, number) => `n${number}`)))
})
