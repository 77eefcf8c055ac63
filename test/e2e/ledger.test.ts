import { connect } from 'node:net'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, inject, onTestFinished, test } from 'vitest'
import { Mariadb } from '../../sandbox/servers/mariadb.ts'
import { createMysqlDatabase } from '../../sandbox/servers/mysql-store.ts'
import { freePort } from '../../sandbox/servers/server-process.ts'
import { describe as describeRun } from '../../src/notigen/description.ts'
import { Random } from '../../src/notigen/random.ts'
import type { SimulationOptions } from '../../src/notigen/simulation.ts'
import { archivedIds } from '../support/archived-ids.ts'
import { at } from '../support/events.ts'
import { temporaryFolder } from '../support/folders.ts'
import { writeLines } from '../support/notifications.ts'
import { publishRaw } from '../support/raw-publish.ts'
import { APART, mayRunApart } from '../support/servers/apart.ts'
import { deleteQueue, deployShipped } from '../support/servers/deploy.ts'
import { replaceProcess, reviveProcesses, suspendWorker } from '../support/servers/process-faults.ts'
import { completeAll, flagsOf } from '../support/servers/simulated-deployment.ts'
import { startProgram } from '../support/servers/start-program.ts'
import { byDay, streamsOf } from '../support/shipped-run.ts'
import { type Fate, TcpProxy } from '../support/tcp-proxy.ts'
import { until } from '../support/until.ts'
import {
  changeIdStep,
  completions,
  createPlainAccount,
  makeReadOnly,
  watchDatabase,
} from './ledger/database.ts'
import {
  afterTheEnd,
  DEADLY,
  extras,
  IMAGE,
  IMAGES,
  OF_IMAGES,
  POISON,
  undecodable,
} from './ledger/extras.ts'
import { addTriggers } from './ledger/triggers.ts'

const SHIPPED = resolve(import.meta.dirname, '../../config/winchester.yaml')
/** By which event clock: that of a time service, or the one that follows from positions of consumers. */
const CLOCKS = process.env.STACKTACH_TEST_LONG ? (['auto', 'time-server'] as const) : (['auto'] as const)
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
const READ_ONLY_MS = 400
/** As RabbitMQ has it from 4.0 on, where nobody says otherwise. */
const DELIVERY_LIMIT = 20
/** What a consumer has on a small machine. */
const HEAP_MB = 256
/** Clients of the API that say nothing, and close nothing. */
const HALF_OPEN = 300

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

test.each(CLOCKS)(
  'three consumers and three workers by clock %s, killed, cut off and left alone by the database, lose and repeat nothing',
  { timeout: 400_000 },
  async (clock) => {
    const folder = temporaryFolder()
    const described = describeRun(RUN)
    const random = new Random(SEED)
    const fates = fatesOfCommits(random)
    const server = await Mariadb.start(join(folder, 'mariadb'))
    onTestFinished(() => server.stop())
    const databaseUrl = await createMysqlDatabase(server.url, 'ledger')
    const plainUrl = await createPlainAccount(databaseUrl)
    const [broker, database] = [await TcpProxy.start(inject('amqpUrl')), await TcpProxy.start(plainUrl)]
    const queue = `e2e.ledger.${SEED}.${clock}`
    const deployment = await deployShipped(folder, queue, {
      amqpUrl: broker.urlOf(inject('amqpUrl')),
      databaseUrl: database.urlOf(plainUrl),
      storeUrl: databaseUrl,
      consumers: 3,
      workers: 3,
      // Each has the number 1, under one host name, as in containers; not where no such namespaces can be made.
      consumerWrapper: mayRunApart ? APART : [],
      clock,
      consumerHeapMb: HEAP_MB,
      changes: [
        [
          /^durable = True$/gm,
          `durable = True\nqueue_type = quorum\nqueue_arguments = x-delivery-limit: ${DELIVERY_LIMIT}`,
        ],
        [/max_message_mb = 16/g, 'max_message_mb = 1'],
        // Many transactions to be broken off, and many messages at hand to be given back.
        [/batch_size = 500/g, 'batch_size = 100'],
        [/pipeline_worker_batch_size: 1000/g, `pipeline_worker_batch_size: ${BATCH}`],
      ],
      onConfigured: addTriggers,
    })
    await watchDatabase(databaseUrl)
    const api = await startApi(plainUrl)
    const reviving = setInterval(() => reviveProcesses(deployment), 300)
    try {
      const sleeping: Promise<void>[] = []
      const ofWorkers = [
        () => replaceProcess(deployment, 'workers', random.int(0, 2)),
        () => database.cut(),
        () => void sleeping.push(suspendWorker(deployment, random.int(0, 2), SLEEP_MS)),
        () => makeReadOnly(databaseUrl, READ_ONLY_MS),
        () => changeIdStep(databaseUrl, new URL(plainUrl).username, random.pick([1, 2, 3, 7])),
      ]
      const faults = [
        ...ofWorkers,
        () => replaceProcess(deployment, 'consumers', random.int(0, 2)),
        () => broker.cut(),
      ]
      await deployment.publish(writeLines(folder, 'extras.jsonl', extras(RUN.start)))
      await publishRaw(inject('amqpUrl'), queue, undecodable())
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

      await deployment.publish(writeLines(folder, 'overdue.jsonl', afterTheEnd(RUN.start)))
      await deployment.settled(incoming + 1 + IMAGES, 60_000)
      await completeAll(deployment, folder, RUN.end, DEADLY)

      expect(await deployment.countIncoming()).toBe(incoming + 1 + IMAGES)
      const letters = await deployment.store.listDeadLetters({}, ALL_LETTERS)
      const {
        decode = [],
        validate = [],
        pipeline,
        ...others
      } = Object.groupBy(letters, ({ stage }) => stage)
      expect(decode.length + validate.length).toBe(described.deadLetters + undecodable().length)
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
      const counted = await fetch(`${api}/v1/events/count?event_name=image.story`)
      expect(await counted.json()).toEqual([{ count: OF_IMAGES + IMAGES }])
      const archived = new Set(archivedIds(join(folder, 'archive'), { isOpen: true }))
      expect(archived.size).toBeGreaterThan(0)
      const unarchived = (await deployment.store.listEvents({}, EVERYTHING)).filter(
        ({ messageId, traits }) => traits.stream_id === undefined && !archived.has(messageId),
      )
      expect(unarchived).toEqual([])
    } finally {
      clearInterval(reviving)
      await deployment.stop()
      await Promise.all([broker.stop(), database.stop()])
      await deleteQueue(queue)
    }
  },
)

/** An API that clients hold on to which say nothing; answers its URL. */
async function startApi(databaseUrl: string): Promise<string> {
  const port = await freePort()
  const env = { STACKTACH_DATABASE_URL: databaseUrl }
  const program = startProgram(['api', '-c', SHIPPED, '--listen', `127.0.0.1:${port}`], 'stv3', env)
  const url = `http://127.0.0.1:${port}`
  await until(
    'the API to listen',
    async () => program.isRunning && (await fetch(url).catch(() => false)) !== false,
  )
  const sockets = Array.from({ length: HALF_OPEN }, () => {
    const socket = connect({ port, allowHalfOpen: true })
    socket.on('error', () => {})
    socket.write('GET /v1/events HTTP/1.1\r\nHost: localhost\r\n')
    return socket
  })
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
  })
  return url
}

const EVERYTHING = { limit: 1_000_000, mark: undefined, ascending: true }
const ALL_LETTERS = { limit: 10_000, mark: undefined, ascending: true }

function countsOf(groups: { readonly [name: string]: readonly unknown[] | undefined }) {
  return Object.fromEntries(Object.entries(groups).map(([name, list = []]) => [name, list.length]))
}
