import { expect, test } from 'vitest'
import { runReplay } from '../../../src/assembly/build-replay.ts'
import { buildWorker } from '../../../src/assembly/build-worker.ts'
import { requirePipelines } from '../../../src/assembly/require-pipelines.ts'
import { createManualClock } from '../../../src/clock/event-clock.ts'
import { loadConfig } from '../../../src/config/load/load-config.ts'
import { decodeNotificationText } from '../../../src/distiller/decode-notification.ts'
import { MICROS_PER_HOUR, type Micros } from '../../../src/domain/time.ts'
import { OrderedRecords } from '../../../src/replay/records/ordered-records.ts'
import { createPrepareRecord } from '../../../src/replay/records/prepare-record.ts'
import type { ReadFile } from '../../../src/replay/records/record.ts'
import { runDue } from '../../../src/replay/run-due.ts'
import { silentLogger } from '../../../src/runtime/logger.ts'
import type { Store } from '../../../src/store/store.ts'
import { at } from '../../support/events.ts'
import { recordedDay, recordedSample } from '../../support/notifications.ts'
import { type StreamFacts, streamFacts } from '../../support/reference.ts'
import { openShipped } from '../../support/shipped.ts'

type Changes = { readonly now: number; readonly pipelines?: boolean; readonly limit?: number }

/** Replays lines, each of `files` a file of its own, into an empty store with the shipped configuration. */
async function replayed(
  files: readonly (readonly string[])[],
  { now, pipelines = true, limit = 4000 }: Changes,
) {
  const { config, store } = await openShipped()
  const signal = new AbortController().signal
  const read: ReadFile = async function* (file) {
    const lines = files[Number(file)] ?? []
    for (let from = 0; from < lines.length; from += 100)
      yield lines.slice(from, from + 100).map((line, index) => ({
        payload: Buffer.from(line),
        begin: from + index,
        end: from + index + 1,
        place: () => `${file}:${from + index + 1}`,
      }))
  }
  const result = await runReplay({
    config,
    pipelines: await requirePipelines(config),
    store,
    logger: silentLogger,
    workerLogger: silentLogger,
    signal,
    name: 'test',
    runsPipelines: pipelines,
    publishes: false,
    wallNow: () => now,
    open: (rules) =>
      new OrderedRecords({
        files: files.map((_, index) => ({ file: String(index), firstTime: 0 })),
        read,
        signal,
        limits: { records: limit, bytes: 1 << 30 },
        createPrepare: () =>
          createPrepareRecord({ ...rules, wanted: {}, wallNow: () => now, onLeftOut: () => {} }),
      }),
  })
  return { store, result, config }
}

const timeOf = (line: string) => at(JSON.parse(line).timestamp)
const isOfPart = (line: string) => Number.parseInt(JSON.parse(line).payload.instance_id[0], 16) < 5

async function closing<T>(store: Store, work: Promise<T>): Promise<T> {
  return work.finally(() => store.close())
}

/** The streams of a consumer and a worker that keep up: each notification comes at its own time. */
async function liveStreams(lines: readonly string[], now: Micros): Promise<StreamFacts[]> {
  const { config, distiller, router, store } = await openShipped()
  const clock = createManualClock(0)
  const pipelines = await requirePipelines(config)
  const worker = buildWorker({ config, pipelines, store, clock, logger: silentLogger, name: 'live' })
  const goOn = async (time: Micros) => {
    clock.set(time)
    await runDue({ store, worker, clock })
  }
  for (const line of lines.toSorted((a, b) => timeOf(a) - timeOf(b))) {
    const decoded = decodeNotificationText(line)
    const distilled = decoded.ok ? distiller.distil(decoded.notification, 0) : undefined
    if (distilled?.kind !== 'event') continue
    const { event } = distilled
    await goOn(event.timestamp)
    const arrival = { event, at: event.timestamp, keys: router.keysOf(event) }
    await store.storeBatch({ arrivals: [arrival], deadLetters: [] }, router)
  }
  await goOn(now)
  return closing(store, streamFacts(store))
}

test.each(['2026-11-19T20:00:00', '2026-11-25T00:00:00'])(
  'a replay at %s makes the streams of a consumer and a worker that were there at the time',
  async (time) => {
    // One database transaction each in the run that is compared with: a part of the instances is enough.
    const lines = recordedSample().filter((line) => timeOf(line) <= at(time) && isOfPart(line))
    const { store } = await replayed([lines], { now: at(time) })
    const facts = await closing(store, streamFacts(store))
    expect(facts).toEqual(await liveStreams(lines, at(time)))
    expect(facts.some(({ state }) => state === 'completed')).toBe(true)
  },
)

test('neither several files, nor mild disorder, nor pipelines that are off change the streams', async () => {
  const lines = recordedSample()
  const now = at('2026-11-25T00:00:00')
  const whole = await replayed([lines], { now })
  expect(whole.result.counts).toMatchObject({
    late: 0,
    deadLetters: 0,
    replayed: lines.length,
    isComplete: true,
  })
  const expected = await closing(whole.store, streamFacts(whole.store))
  expect(expected.every(({ state }) => state === 'completed')).toBe(true)
  const files = [0, 1, 2].map((part) => lines.filter((_, index) => index % 3 === part))
  // Runs of a hundred lines, each turned round.
  const turned = lines.map(
    (_, index) => lines[Math.min(lines.length - 1, index - (index % 100) + 99 - (index % 100))],
  )
  for (const one of [
    await replayed(files, { now }),
    await replayed([[...new Set(turned as string[]), ...lines.slice(-100)]], { now, limit: 400 }),
    await replayed([lines], { now, pipelines: false }),
  ])
    expect(await closing(one.store, streamFacts(one.store))).toEqual(expected)
})

test('what is wildly out of order is stored all the same, and told with the place of the worst', async () => {
  const { lines } = recordedDay()
  const part = lines.slice(0, 2000)
  const [first = ''] = part
  const { store, result } = await replayed([[...part.slice(1), first]], {
    now: at('2026-11-25T00:00:00'),
    limit: 200,
  })
  expect(result.counts).toMatchObject({ late: 1, replayed: 2000 })
  expect(result.counts.latest?.place).toBe('0:2000')
  expect(result.counts.latest?.by).toBeGreaterThan(9 * MICROS_PER_HOUR)
  await store.close()
})

test('a notification from ahead of the wall clock counts as now and moves nothing', async () => {
  const { lines } = recordedDay()
  const part = lines.slice(0, 500)
  const ahead = JSON.stringify({
    ...JSON.parse(part[0] as string),
    message_id: 'ahead',
    timestamp: '2099-01-01 00:00:00',
  })
  const now = at('2026-11-25T00:00:00')
  const { store, result } = await replayed([[ahead, ...part]], { now })
  expect(result.counts).toMatchObject({ late: 0, replayed: 501 })
  expect(result.now).toBe(now)
  await store.close()
})

test('the shipped configuration sends nothing by itself', async () => {
  const config = await loadConfig('config/winchester.yaml', {})
  const { sendersOf } = await import('../../../src/pipeline/quiet-pipelines.ts')
  expect(sendersOf(await requirePipelines(config))).toEqual([])
})
