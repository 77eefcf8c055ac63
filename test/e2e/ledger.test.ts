import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { expect, inject, onTestFinished, test } from 'vitest'
import { Mariadb } from '../../sandbox/servers/mariadb.ts'
import { createMysqlDatabase } from '../../sandbox/servers/mysql-store.ts'
import { formatIso, MICROS_PER_MINUTE } from '../../src/domain/time.ts'
import { describe as describeRun } from '../../src/notigen/description.ts'
import { Random } from '../../src/notigen/random.ts'
import type { SimulationOptions } from '../../src/notigen/simulation.ts'
import { deleteQueue, deployShipped } from '../support/deploy.ts'
import { at } from '../support/events.ts'
import { temporaryFolder } from '../support/folders.ts'
import { writeLines } from '../support/notifications.ts'
import { byDay, streamsOf } from '../support/shipped-run.ts'
import { completeAll, flagsOf } from '../support/simulated-deployment.ts'
import { type Fate, TcpProxy } from '../support/tcp-proxy.ts'
import { until } from '../support/until.ts'

const SEED = Number(process.env.STACKTACH_LEDGER_SEED ?? 11)

const RUN = {
  seed: SEED,
  start: at('2026-01-01T00:00:00'),
  end: at('2026-01-03T00:00:00'),
  instances: 200,
  operationsPerHour: 60,
  trouble: {
    missing: 0.02,
    late: 0.05,
    outOfOrder: 0.05,
    duplicated: 0.1,
    malformed: 0.02,
    U5: 0.1,
    U7: 0.1,
  },
} satisfies SimulationOptions

/** Share of commits that are made and whose answer does not arrive, or is that they took too long. */
const LOST_COMMITS = 0.02
/** While streams end: many small transactions, of which each tenth is done whose answer does not arrive. */
const BATCH = 5
const LOST_COMPLETIONS = 0.1
/** Longer than a lease. */
const SLEEP_MS = 1500
const RESTARTS_IN_ROUNDS = [6, 14]
const MEGABYTE = 1024 * 1024

/**
 * Messages that the simulator does not make, about some images: without a time, with times of other clocks, before
 * their time, one id with two times, near the limit of size and above it; such as cannot be distilled, or are refused
 * by the database; and one that kills.
 */
const EXTRAS = { undated: 50, skewed: 40, early: 20, retimed: 20, nearLimit: 20 }
const POISON = { size: 5, distill: 5, store: 4 }
const total = (counts: { readonly [kind: string]: number }) =>
  Object.values(counts).reduce((sum, n) => sum + n, 0)
/** Those of them that become events of images; the deadly one does too. */
const OF_IMAGES = total(EXTRAS)
const IMAGES = 10
const IMAGE = 'image'
const DEADLY = 'deadly'

function extras(): string[] {
  const message = (id: string, n: number, more: object = {}, payload: object = {}) => {
    const image = { id: `image-${n % IMAGES}`, ...payload }
    const timestamp = formatIso(RUN.start)
    return JSON.stringify({ event_type: 'image.story', message_id: id, timestamp, payload: image, ...more })
  }
  const list = (kind: string, count: number, make: (id: string, n: number) => string) =>
    Array.from({ length: count }, (_, n) => make(`${kind}-${n}`, n))
  const minutesOff = (minutes: number) => ({ timestamp: formatIso(RUN.start + minutes * MICROS_PER_MINUTE) })
  const text = (length: number) => ({ text: 'x'.repeat(length) })
  return [
    message(DEADLY, 0, { event_type: 'image.deadly' }),
    ...list('undated', EXTRAS.undated, (id, n) => message(id, n, { timestamp: undefined })),
    ...list('skewed', EXTRAS.skewed, (id, n) => message(id, n, minutesOff((n - EXTRAS.skewed / 2) * 10))),
    ...list('early', EXTRAS.early, (id, n) => message(id, n, minutesOff(180))),
    // Which of the two is stored depends on who is killed.
    ...list('retimed', 2 * EXTRAS.retimed, (_, n) => message(`retimed-${n >> 1}`, n >> 1, minutesOff(n))),
    ...list('near', EXTRAS.nearLimit, (id, n) => message(id, n, {}, text(MEGABYTE - 1000))),
    ...list('large', POISON.size, (id, n) => message(id, n, {}, text(MEGABYTE + 1000 * n))),
    ...list('wrong', POISON.distill, (id, n) => message(id, n, {}, { size: 'much' })),
    ...list('refused', POISON.store, (id, n) => message(id, n)),
  ]
}

/** About images whose streams have ended. */
function afterTheEnd(): string[] {
  return Array.from({ length: IMAGES }, (_, n) =>
    JSON.stringify({
      event_type: 'image.story',
      message_id: `overdue-${n}`,
      timestamp: formatIso(RUN.start),
      payload: { id: `image-${n}` },
    }),
  )
}

/** Refuses some events, and notes each time that a stream is completed. */
async function watchDatabase(url: string): Promise<void> {
  const connection = await createConnection(url)
  await connection.query('create table completion (stream_id bigint not null)')
  await connection.query(`create trigger note_completion after update on stream for each row
    begin if new.state = 6 then insert into completion values (new.id); end if; end`)
  await connection.query(`create trigger refuse before insert on event for each row
    begin if new.message_id like 'refused-%' then
      signal sqlstate '45000' set message_text = 'refused'; end if; end`)
  await connection.end()
}

/** Streams as often as they were completed, in order. */
async function completions(url: string): Promise<number[]> {
  const connection = await createConnection(url)
  const [rows] = await connection.query<RowDataPacket[]>(
    'select stream_id from completion order by stream_id',
  )
  await connection.end()
  return rows.map(({ stream_id }) => Number(stream_id))
}

/** Streams of images, and one whose handler kills its worker, with everything that it has in hand. */
function addTriggers(folder: string): void {
  writeFileSync(
    join(folder, 'killer.js'),
    `export class Killer {
      handleEvents() { process.kill(process.pid, 'SIGKILL') }
      commit() {}
      rollback() {}
    }`,
  )
  appendFileSync(join(folder, 'winchester.yaml'), '\npipeline_handlers:\n  killer: ./killer.js:Killer\n')
  appendFileSync(join(folder, 'pipelines.yaml'), `\n${DEADLY}: [killer]\n${IMAGE}: [logger]\n`)
  appendFileSync(
    join(folder, 'triggers.yaml'),
    `
- name: ${IMAGE}
  distinguished_by: [image_id]
  match_criteria: [{event_type: image.story}]
  fire_criteria: [{event_type: image.end}]
  expiration: $last + 3d
  expire_pipeline: ${IMAGE}
- name: ${DEADLY}
  distinguished_by: [event_type]
  match_criteria: [{event_type: image.deadly}]
  fire_criteria: [{event_type: image.deadly}]
  expiration: $last + 900d
  fire_pipeline: ${DEADLY}
`,
  )
}

/** What becomes of commits, and how many it went badly for. */
function fatesOfCommits(random: Random) {
  const counts = { 'lose-answer': 0, 'time-out': 0 }
  const choose = (lost: number): Fate => {
    const fraction = random.fraction()
    if (fraction >= lost) return 'pass'
    const fate = fraction < lost / 2 ? 'lose-answer' : 'time-out'
    counts[fate]++
    return fate
  }
  return { counts, choose }
}

test('three consumers and three workers, killed, cut off and left alone by the database, lose and repeat nothing', async () => {
  const folder = temporaryFolder()
  const described = describeRun(RUN)
  const random = new Random(SEED)
  const fates = fatesOfCommits(random)
  const server = await Mariadb.start(join(folder, 'mariadb'))
  onTestFinished(() => server.stop())
  const databaseUrl = await createMysqlDatabase(server.url, 'ledger')
  const [broker, database] = [await TcpProxy.start(inject('amqpUrl')), await TcpProxy.start(databaseUrl)]
  const queue = `e2e.ledger.${SEED}`
  const deployment = await deployShipped(folder, queue, {
    amqpUrl: broker.urlOf(inject('amqpUrl')),
    databaseUrl: database.urlOf(databaseUrl),
    storeUrl: databaseUrl,
    consumers: 3,
    workers: 3,
    changes: [
      [/max_message_mb = 16/g, 'max_message_mb = 1'],
      // Many transactions to be broken off, and many messages at hand to be given back.
      [/batch_size = 500/g, 'batch_size = 100'],
      [/pipeline_worker_batch_size: 1000/g, `pipeline_worker_batch_size: ${BATCH}`],
    ],
    onConfigured: addTriggers,
  })
  await watchDatabase(databaseUrl)
  const reviving = setInterval(() => deployment.revive(), 300)
  try {
    const sleeping: Promise<void>[] = []
    const ofWorkers = [
      () => deployment.replace('workers', random.int(0, 2)),
      () => database.cut(),
      () => void sleeping.push(deployment.suspend(random.int(0, 2), SLEEP_MS)),
    ]
    const faults = [...ofWorkers, () => deployment.replace('consumers', random.int(0, 2)), () => broker.cut()]
    await deployment.publish(writeLines(folder, 'extras.jsonl', extras()))
    let isPublishing = true
    const publishing = deployment.generate(flagsOf(RUN)).finally(() => {
      isPublishing = false
    })
    // It is awaited below; until then a failure must not count as unheard.
    publishing.catch(() => {})
    // A program that finds no broker when it starts ends, as it should; from then on it has to bear everything.
    const first = OF_IMAGES + 2
    await until('the simulator to publish', async () => (await deployment.countIncoming()) >= first)
    database.treat('commit', () => fates.choose(LOST_COMMITS))
    for (let round = 0; round < 20 || isPublishing; round++) {
      await delay(300)
      await random.pick(faults)()
      if (RESTARTS_IN_ROUNDS.includes(round)) await server.restart('SIGKILL')
    }
    await publishing
    const incoming = described.events + OF_IMAGES + 1
    await deployment.settled(incoming, 240_000)
    database.treat('commit', () => fates.choose(LOST_COMPLETIONS))
    let isEnding = true
    const ending = completeAll(deployment, folder, RUN.end, DEADLY).finally(() => {
      isEnding = false
    })
    for (let round = 0; round < 15 && isEnding; round++) {
      await delay(300)
      await random.pick(ofWorkers)()
    }
    database.spare()
    await Promise.all([ending, ...sleeping])

    await deployment.publish(writeLines(folder, 'overdue.jsonl', afterTheEnd()))
    await deployment.settled(incoming + 1 + IMAGES, 60_000)
    await completeAll(deployment, folder, RUN.end, DEADLY)

    expect(await deployment.countIncoming()).toBe(incoming + 1 + IMAGES)
    const letters = await deployment.store.listDeadLetters({}, ALL_LETTERS)
    const { decode = [], validate = [], pipeline, ...others } = Object.groupBy(letters, ({ stage }) => stage)
    expect(decode.length + validate.length).toBe(described.deadLetters)
    expect(pipeline).toMatchObject([{ reason: expect.stringContaining('its worker died') }])
    expect(countsOf(others)).toEqual(POISON)
    const streams = await deployment.allStreams()
    expect(streams.filter(({ name }) => name === DEADLY)).toMatchObject([{ state: 'error' }])
    const ofImages = Map.groupBy(
      streams.filter(({ name }) => name === IMAGE),
      ({ distinguishingTraits: { image_id: id } }) => (id?.type === 'text' ? id.value : ''),
    )
    expect(ofImages.size).toBe(IMAGES)
    for (const [first, second, ...more] of ofImages.values()) {
      expect([first?.state, first?.eventCount]).toEqual(['completed', OF_IMAGES / IMAGES])
      expect([second?.state, second?.eventCount]).toEqual(['completed', 1])
      expect(more).toEqual([])
    }
    const members = await deployment.store.eventsOfStreams(streams.map(({ id }) => id))
    const joined = [...members.values()].flat().map(({ messageId }) => messageId)
    expect(joined.length).toBe(new Set(joined).size)
    for (const stream of streams) expect(members.get(stream.id)).toHaveLength(stream.eventCount)
    expect(byDay(await streamsOf(deployment.store, [DEADLY, IMAGE]))).toEqual(byDay(described.expected))
    const completed = streams.filter(({ state }) => state === 'completed').map(({ id }) => id)
    expect(await completions(databaseUrl)).toEqual(completed)
    for (const count of Object.values(fates.counts)) expect(count).toBeGreaterThan(0)
  } finally {
    clearInterval(reviving)
    await deployment.stop()
    await Promise.all([broker.stop(), database.stop()])
    await deleteQueue(queue)
  }
}, 400_000)

const ALL_LETTERS = { limit: 10_000, mark: undefined, ascending: true }

function countsOf(groups: { readonly [name: string]: readonly unknown[] | undefined }) {
  return Object.fromEntries(Object.entries(groups).map(([name, list = []]) => [name, list.length]))
}
