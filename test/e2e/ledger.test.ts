import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, inject, test } from 'vitest'
import { Mariadb } from '../../sandbox/servers/mariadb.ts'
import { createMysqlDatabase } from '../../sandbox/servers/mysql-store.ts'
import { formatIso, MICROS_PER_SECOND } from '../../src/domain/time.ts'
import { describe as describeRun } from '../../src/notigen/description.ts'
import { Random } from '../../src/notigen/random.ts'
import type { SimulationOptions } from '../../src/notigen/simulation.ts'
import { deleteQueue, deployShipped } from '../support/deploy.ts'
import { at } from '../support/events.ts'
import { temporaryFolder } from '../support/folders.ts'
import { writeLines } from '../support/notifications.ts'
import { inOrder, streamsOf } from '../support/shipped-run.ts'
import { completeAll, flagsOf } from '../support/simulated-deployment.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'
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

/** Share of commits that are made and whose answer does not arrive. */
const LOST_COMMITS = 0.02
const RESTARTS_IN_ROUNDS = [6, 14]
const MEGABYTE = 1024 * 1024

/** Messages that the simulator does not make: without a time, near the limit of size, above it, and one that kills. */
const EXTRAS = { undated: 50, retimed: 20, nearLimit: 15, tooLarge: 5 }
/** Those of them that become events. */
const EXTRAS_STORED = EXTRAS.undated + EXTRAS.retimed + EXTRAS.nearLimit + 1
const DEADLY = 'deadly'

function extras(): string[] {
  const message = (id: string, more: object) =>
    JSON.stringify({ event_type: 'image.update', message_id: id, ...more })
  const timestamp = formatIso(RUN.start)
  const sized = (id: string, bytes: number) =>
    message(id, { timestamp, payload: { text: 'x'.repeat(bytes) } })
  return [
    JSON.stringify({ event_type: 'image.deadly', message_id: DEADLY, timestamp, payload: {} }),
    ...Array.from({ length: EXTRAS.undated }, (_, n) => message(`undated-${n}`, { payload: {} })),
    // Which of the two is stored depends on who is killed: no stream may take them.
    ...Array.from({ length: 2 * EXTRAS.retimed }, (_, n) =>
      message(`retimed-${n >> 1}`, { timestamp: formatIso(RUN.start + n * MICROS_PER_SECOND), payload: {} }),
    ),
    ...Array.from({ length: EXTRAS.nearLimit }, (_, n) => sized(`near-${n}`, MEGABYTE - 1000)),
    ...Array.from({ length: EXTRAS.tooLarge }, (_, n) => sized(`large-${n}`, MEGABYTE + 1000 * n)),
  ]
}

/** A stream whose handler kills its worker, with everything that it has in hand. */
function addDeadly(folder: string): void {
  writeFileSync(
    join(folder, 'killer.js'),
    `export class Killer {
      handleEvents() { process.kill(process.pid, 'SIGKILL') }
      commit() {}
      rollback() {}
    }`,
  )
  appendFileSync(join(folder, 'winchester.yaml'), '\npipeline_handlers:\n  killer: ./killer.js:Killer\n')
  appendFileSync(join(folder, 'pipelines.yaml'), `\n${DEADLY}: [killer]\n`)
  appendFileSync(
    join(folder, 'triggers.yaml'),
    `
- name: ${DEADLY}
  distinguished_by: [event_type]
  match_criteria: [{event_type: image.deadly}]
  fire_criteria: [{event_type: image.deadly}]
  expiration: $last + 900d
  fire_pipeline: ${DEADLY}
`,
  )
}

async function proxyOf(url: string): Promise<TcpProxy> {
  return TcpProxy.start(Number(new URL(url).port))
}

test('three consumers and three workers, killed, cut off and left alone by the database, lose and repeat nothing', async () => {
  const folder = temporaryFolder()
  const described = describeRun(RUN)
  const random = new Random(SEED)
  const server = await Mariadb.start(join(folder, 'mariadb'))
  const databaseUrl = await createMysqlDatabase(server.url, 'ledger')
  const [broker, database] = [await proxyOf(inject('amqpUrl')), await proxyOf(databaseUrl)]
  const queue = `e2e.ledger.${SEED}`
  const deployment = await deployShipped(folder, queue, {
    amqpUrl: broker.urlOf(inject('amqpUrl')),
    databaseUrl: database.urlOf(databaseUrl),
    consumers: 3,
    workers: 3,
    changes: [[/max_message_mb = 16/g, 'max_message_mb = 1']],
    onConfigured: addDeadly,
  })
  const reviving = setInterval(() => deployment.revive(), 300)
  try {
    const faults = [
      () => deployment.replace('consumers', random.int(0, 2)),
      () => deployment.replace('workers', random.int(0, 2)),
      () => broker.cut(),
      () => database.cut(),
    ]
    await deployment.publish(writeLines(folder, 'extras.jsonl', extras()))
    let isPublishing = true
    const publishing = deployment.generate(flagsOf(RUN)).finally(() => {
      isPublishing = false
    })
    // It is awaited below; until then a failure must not count as unheard.
    publishing.catch(() => {})
    // A program that finds no broker when it starts ends, as it should; from then on it has to bear everything.
    const first = EXTRAS_STORED + 1
    await until('the simulator to publish', async () => (await deployment.countIncoming()) >= first)
    database.loseAnswersTo(Buffer.from('commit'), () => random.fraction() < LOST_COMMITS)
    for (let round = 0; round < 20 || isPublishing; round++) {
      await delay(300)
      await random.pick(faults)()
      if (RESTARTS_IN_ROUNDS.includes(round)) await server.restart('SIGKILL')
    }
    await publishing
    database.spare()
    const incoming = described.events + EXTRAS_STORED
    await deployment.settled(incoming, 240_000)
    await completeAll(deployment, folder, RUN.end, DEADLY)

    expect(await deployment.countIncoming()).toBe(incoming + 1)
    const letters = await deployment.store.listDeadLetters({}, ALL_LETTERS)
    expect(letters.filter(({ stage }) => stage === 'size')).toHaveLength(EXTRAS.tooLarge)
    expect(letters.filter(({ stage }) => stage === 'pipeline')).toMatchObject([
      { reason: expect.stringContaining('its worker died') },
    ])
    expect(letters).toHaveLength(described.deadLetters + EXTRAS.tooLarge + 1)
    const streams = await deployment.allStreams()
    expect(streams.filter(({ name }) => name === DEADLY)).toMatchObject([{ state: 'error' }])
    const members = await deployment.store.eventsOfStreams(streams.map(({ id }) => id))
    const joined = [...members.values()].flat().map(({ messageId }) => messageId)
    expect(joined.length).toBe(new Set(joined).size)
    for (const stream of streams) expect(members.get(stream.id)).toHaveLength(stream.eventCount)
    expect(inOrder(await streamsOf(deployment.store, DEADLY))).toEqual(inOrder(described.expected))
  } finally {
    clearInterval(reviving)
    await deployment.stop()
    await Promise.all([broker.stop(), database.stop()])
    await server.stop()
    await deleteQueue(queue)
  }
}, 400_000)

const ALL_LETTERS = { limit: 10_000, mark: undefined, ascending: true }
