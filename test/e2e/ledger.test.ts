import { setTimeout as delay } from 'node:timers/promises'
import { expect, inject, test } from 'vitest'
import { describe as describeRun } from '../../src/notigen/description.ts'
import { Random } from '../../src/notigen/random.ts'
import type { SimulationOptions } from '../../src/notigen/simulation.ts'
import { createTestDatabase } from '../support/databases.ts'
import { deleteQueue, deployShipped } from '../support/deploy.ts'
import { at } from '../support/events.ts'
import { temporaryFolder } from '../support/folders.ts'
import { inOrder, streamsOf } from '../support/shipped-run.ts'
import { completeAll, flagsOf } from '../support/simulated-deployment.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'

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
async function proxyOf(url: string): Promise<TcpProxy> {
  return TcpProxy.start(Number(new URL(url).port))
}

test('three consumers and three workers, killed and cut off again and again, lose and repeat nothing', async () => {
  const folder = temporaryFolder()
  const described = describeRun(RUN)
  const databaseUrl = await createTestDatabase()
  const [broker, database] = [await proxyOf(inject('amqpUrl')), await proxyOf(databaseUrl)]
  const queue = `e2e.ledger.${SEED}`
  const deployment = await deployShipped(folder, queue, {
    amqpUrl: broker.urlOf(inject('amqpUrl')),
    databaseUrl: database.urlOf(databaseUrl),
    consumers: 3,
    workers: 3,
  })
  try {
    const random = new Random(SEED)
    const faults = [
      () => deployment.replace('consumers', random.int(0, 2)),
      () => deployment.replace('workers', random.int(0, 2)),
      () => broker.cut(),
      () => database.cut(),
    ]
    let isPublishing = true
    const publishing = deployment.generate(flagsOf(RUN)).finally(() => {
      isPublishing = false
    })
    // It is awaited below; until then a failure must not count as unheard.
    publishing.catch(() => {})
    for (let round = 0; round < 16 || isPublishing; round++) {
      await delay(300)
      await random.pick(faults)()
    }
    await publishing
    await deployment.settled(described.events, 240_000)
    await completeAll(deployment, folder, RUN.end)

    expect(await deployment.countIncoming()).toBe(described.events + 1)
    const letters = await deployment.store.listDeadLetters(
      {},
      { limit: 10_000, mark: undefined, ascending: true },
    )
    expect(letters).toHaveLength(described.deadLetters)
    const streams = await deployment.allStreams()
    const members = await deployment.store.eventsOfStreams(streams.map(({ id }) => id))
    const joined = [...members.values()].flat().map(({ messageId }) => messageId)
    expect(joined.length).toBe(new Set(joined).size)
    for (const stream of streams) expect(members.get(stream.id)).toHaveLength(stream.eventCount)
    expect(inOrder(await streamsOf(deployment.store))).toEqual(inOrder(described.expected))
  } finally {
    await deployment.stop()
    await Promise.all([broker.stop(), database.stop()])
    await deleteQueue(queue)
  }
}, 400_000)
