import { join, resolve } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { ChildProgram, runProgram } from '../../sandbox/servers/child-program.ts'
import { createMysqlStore } from '../../sandbox/servers/mysql-store.ts'
import { createTestDatabase } from '../support/databases.ts'
import { temporaryFolder } from '../support/folders.ts'
import { recordedDay, writeLines } from '../support/notifications.ts'
import { deleteQueue, deployShipped } from '../support/servers/deploy.ts'
import { until } from '../support/until.ts'

const SHIPPED = resolve(import.meta.dirname, '../../config/yagi.conf')
const QUEUE = 'e2e.live-and-replay'
const PAGE = { limit: 1, mark: undefined, ascending: true }

test('the binary archive of a recorded day, replayed, gives the streams of the live run, also after kill -9 on the way', async () => {
  const folder = temporaryFolder()
  const { lines } = recordedDay()
  const liveUrl = await createTestDatabase()
  const deployment = await deployShipped(folder, QUEUE, {
    clock: 'auto',
    databaseUrl: liveUrl,
    // Several would work off the file side by side, and not in its order.
    consumers: 1,
    changes: [
      [/WritingJSONRollManager/g, 'WritingRollManager'],
      [/roll_size_mb = 100/g, 'roll_size_mb = 1\ncompression = gzip'],
    ],
  })
  const archive = join(folder, 'archive', 'done')
  try {
    await deployment.publish(writeLines(folder, 'day.jsonl', lines))
    await deployment.settled(lines.length)
    await until('all streams to have ended', async () =>
      (await deployment.allStreams()).every(({ state }) => state === 'completed'),
    )
    for (const consumer of deployment.consumers) await consumer.stop()
    const envOf = (url: string) => ({
      STACKTACH_DATABASE_URL: url,
      XDG_STATE_HOME: join(folder, 'state'),
      STACKTACH_LOG_LEVEL: 'error',
    })
    const compare = (url: string) =>
      runProgram('stv3', ['replay', archive, '-c', SHIPPED, '--dry-run', '--compare', '--json'], envOf(url))
    expect(await compare(liveUrl)).toMatchObject({ code: 0 })

    const url = await createTestDatabase()
    const env = envOf(url)
    expect((await runProgram('stv3', ['db', 'upgrade', '-c', SHIPPED], env)).code).toBe(0)
    const store = await createMysqlStore(url)
    onTestFinished(() => store.close())
    const killed = new ChildProgram('stv3', ['replay', archive, '-c', SHIPPED, '--speed', '50000'], env)
    await until('some events to be stored', async () => (await store.countEvents({}, PAGE)) > 500)
    await killed.stop('SIGKILL')
    expect(await runProgram('stv3', ['replay', archive, '-c', SHIPPED], env)).toMatchObject({ code: 0 })
    expect(await compare(url)).toMatchObject({ code: 0 })
    expect(await store.countEvents({}, PAGE)).toBe(await deployment.store.countEvents({}, PAGE))
    const check = await runProgram('stv3', ['archive', 'verify', archive, '-c', SHIPPED, '--json'], env)
    expect(check.code).toBe(0)
    expect(JSON.parse(check.stdout.trim().split('\n').at(-1) as string)).toMatchObject({
      messages: lines.length,
      events: lines.length,
      missing: 0,
    })
  } finally {
    await deployment.stop()
    await deleteQueue(QUEUE)
  }
})
