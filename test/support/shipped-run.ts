import { buildWorker } from '../../src/assembly/build-worker.ts'
import { requirePipelines } from '../../src/assembly/require-pipelines.ts'
import { createManualClock } from '../../src/clock/event-clock.ts'
import { decodeNotificationText } from '../../src/distiller/decode-notification.ts'
import type { Arrival } from '../../src/domain/routing.ts'
import { formatIso, MICROS_PER_DAY, MICROS_PER_MINUTE } from '../../src/domain/time.ts'
import type { ExpectedStream } from '../../src/notigen/expected/expected-streams.ts'
import type { UsageResult } from '../../src/notigen/expected/usage-result.ts'
import type { Simulated } from '../../src/notigen/simulation.ts'
import { silentLogger } from '../../src/runtime/logger.ts'
import type { Store } from '../../src/store/store.ts'
import { openShipped, type Variation } from './shipped.ts'

export type ShippedRun = {
  readonly streams: readonly ExpectedStream[]
  readonly events: number
  readonly refused: number
  readonly missed: number
}

const ALL = { limit: 1_000_000, mark: undefined, ascending: true }
const WORKER_EVERY = 10 * MICROS_PER_MINUTE

/**
 * Runs messages through the shipped configuration. Messages arrive when they are sent and are stored in
 * batches. A worker runs every ten simulated minutes, and once more three days after the last message.
 * `look` is called with the store at the end.
 */
export async function runShipped(
  messages: Iterable<Simulated>,
  variation: Variation = {},
  look: (store: Store) => Promise<void> = async () => {},
): Promise<ShippedRun> {
  const { config, distiller, router, store } = await openShipped(variation)
  const clock = createManualClock(0)
  const pipelines = await requirePipelines(config)
  const worker = buildWorker({ config, pipelines, store, clock, logger: silentLogger, name: 'test' })
  let [refused, missed, nextPass] = [0, 0, 0]
  let arrivals: Arrival[] = []
  const storeAll = async () => {
    await store.storeBatch({ arrivals, deadLetters: [] }, router)
    arrivals = []
  }
  for (const { at, body } of messages) {
    if (at >= nextPass) {
      await storeAll()
      clock.set(at)
      while ((await worker.pass('fire')) > 0);
      nextPass = at + WORKER_EVERY
    }
    clock.set(at)
    const decoded = decodeNotificationText(body)
    const distilled = decoded.ok ? distiller.distil(decoded.notification, at) : undefined
    if (!distilled) refused++
    else if (distilled.kind !== 'event') missed++
    else {
      const { event } = distilled
      arrivals.push({ event, at, keys: router.keysOf(event) })
    }
  }
  await storeAll()
  while ((await worker.pass('fire')) > 0);
  clock.set(clock.now() + 3 * MICROS_PER_DAY)
  while ((await worker.pass('expire')) > 0);
  const run = { streams: await streamsOf(store), events: await outsideEvents(store), refused, missed }
  await look(store)
  await store.close()
  return run
}

async function outsideEvents(store: Store): Promise<number> {
  const events = await store.listEvents({}, ALL)
  return events.filter(({ eventType }) => !isResult(eventType)).length
}

/** Whether an event is a result of usage verification. */
export function isResult(eventType: string): boolean {
  return /^(compute\.)?instance\.(exists\..+|unbilled)$/.test(eventType)
}

/** Returns the streams of a store as the simulator describes them, without those of some triggers. */
export async function streamsOf(store: Store, leftOut: readonly string[] = []): Promise<ExpectedStream[]> {
  const streams = (await store.listStreams({}, ALL)).filter(({ name }) => !leftOut.includes(name))
  const usage = await usageByStream(store)
  return inOrder(
    streams.map(({ id, distinguishingTraits, eventCount, fireTimestamp, state }) => {
      const { instance_id: instance, timestamp: day } = distinguishingTraits
      if (state !== 'completed') throw new Error(`stream ${id} is ${state}`)
      return {
        instanceId: instance?.type === 'text' ? instance.value : '',
        day: day?.type === 'timerange' ? formatIso(day.begin).slice(0, 10) : '',
        events: eventCount,
        ends: fireTimestamp === null ? 'expires' : 'fires',
        usage: usage.get(id) ?? [],
      }
    }),
  )
}

async function usageByStream(store: Store): Promise<Map<number, UsageResult[]>> {
  const results = new Map<number, UsageResult[]>()
  for (const { eventType, traits } of await store.listEvents({}, ALL)) {
    if (!isResult(eventType) || traits.stream_id === undefined) continue
    const id = Number(traits.stream_id.value)
    results.set(id, [...(results.get(id) ?? []), resultOf(eventType, String(traits.error_code?.value))])
  }
  return results
}

/** Returns what a result of the usage verification says, by its event type and error code. */
export function resultOf(eventType: string, code: string): UsageResult {
  if (eventType.endsWith('.day.verified')) return 'day'
  if (eventType.endsWith('.verified')) return 'verified'
  if (eventType.endsWith('.unbilled')) return 'unbilled'
  return eventType.endsWith('.warnings') ? 'warning' : (code as UsageResult)
}

/**
 * Merges the streams of each instance and day, for comparing what several processes made of a run.
 *
 * The clock of such a run is far faster than real time, so a clean-up of the next day may come before or
 * after the stream of its day has fired.
 */
export function byDay(streams: readonly ExpectedStream[]): ExpectedStream[] {
  const days = Map.groupBy(streams, ({ instanceId, day }) => `${instanceId} ${day}`)
  return inOrder(
    [...days.values()].map((parts) => ({
      ...(parts[0] as ExpectedStream),
      events: parts.reduce((sum, { events }) => sum + events, 0),
      ends: parts.some(({ ends }) => ends === 'fires') ? 'fires' : 'expires',
      usage: parts.flatMap(({ usage }) => usage),
    })),
  )
}

/** Sorts streams, and the results within each, independently of how they were made, for comparisons. */
export function inOrder(streams: readonly ExpectedStream[]): ExpectedStream[] {
  const keyOf = ({ instanceId, day, ends, events, usage }: ExpectedStream) =>
    `${instanceId} ${day} ${ends} ${events} ${usage}`
  return streams
    .map((stream) => ({ ...stream, usage: [...stream.usage].sort() }))
    .sort((a, b) => keyOf(a).localeCompare(keyOf(b)))
}
