import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { ChildProgram, runProgram } from '../../sandbox/servers/child-program.ts'
import { withOtherIds } from '../bench/ingest/messages.ts'
import { createTestDatabase } from '../support/databases.ts'
import { temporaryFolder } from '../support/folders.ts'
import { recordedDay, writeLines } from '../support/notifications.ts'
import { streamFacts } from '../support/reference.ts'
import { openDeployment } from '../support/replay-deployment.ts'
import { deleteQueue, deployShipped } from '../support/servers/deploy.ts'
import { until } from '../support/until.ts'

const SHIPPED = resolve(import.meta.dirname, '../../config/yagi.conf')
const QUEUE = 'long.replay-beside-consumer'
const PAGE = { limit: 1, mark: undefined, ascending: true }

test('a consumer, workers and a replay on one database: each gets its own streams, and those of a replay alone', async () => {
  const folder = temporaryFolder()
  const lines = recordedDay().lines.slice(0, 2000)
  const file = writeLines(folder, 'past.jsonl', lines)
  const alone = await openDeployment()
  expect(await runProgram('stv3', ['replay', file, '-c', SHIPPED], alone.env)).toMatchObject({ code: 0 })
  const expected = await streamFacts(alone.store)
  const stored = await alone.store.countEvents({}, PAGE)
  await alone.store.close()

  const databaseUrl = await createTestDatabase()
  const deployment = await deployShipped(folder, QUEUE, { clock: 'auto', databaseUrl, consumers: 1 })
  try {
    const replay = new ChildProgram('stv3', ['replay', file, '-c', SHIPPED, '--speed', '20000'], {
      STACKTACH_DATABASE_URL: databaseUrl,
      XDG_STATE_HOME: join(folder, 'state'),
      STACKTACH_LOG_LEVEL: 'error',
    })
    const { store } = deployment
    await until('the replay to store', async () => (await store.countEvents({}, PAGE)) > 50)
    const others = lines.map((line) => withOtherIds(line, 1))
    await deployment.publish(writeLines(folder, 'present.jsonl', others))
    expect(await replay.result()).toMatchObject({ code: 0 })
    await until('all events to be stored and all streams to have ended', async () => {
      const streams = await deployment.allStreams()
      const areEnded = streams.every(({ state }) => state === 'completed')
      return areEnded && streams.length >= 2 * expected.length
    })
    const facts = await streamFacts(store)
    const keys = new Set(expected.map(({ key }) => key))
    expect(facts.filter(({ key }) => keys.has(key))).toEqual(expected)
    expect(facts).toHaveLength(2 * expected.length)
    expect(await store.countEvents({}, PAGE)).toBe(2 * stored)
  } finally {
    await deployment.stop()
    await deleteQueue(QUEUE)
  }
})
