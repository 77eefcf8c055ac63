import { resolve } from 'node:path'
import { sql } from 'kysely'
import { expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../sandbox/servers/server-process.ts'
import { createClient } from '../../src/client/client.ts'
import type { Event } from '../../src/domain/event.ts'
import type { HandlerClass } from '../../src/pipeline/handler.ts'
import { ActionRunner } from '../../src/repair/action-runner.ts'
import { silentLogger } from '../../src/runtime/logger.ts'
import type { OpenDatabase } from '../../src/store/dialect.ts'
import { stateNumber } from '../../src/store/rows.ts'
import type { Executor } from '../../src/store/schema/schema.ts'
import { createSqlStore } from '../../src/store/sql-store.ts'
import type { Store } from '../../src/store/store.ts'
import { serveApi } from '../support/api.ts'
import { createTestDatabase, DATABASES, openTestDatabase } from '../support/databases.ts'
import { runInProcess } from '../support/run-in-process.ts'
import { startProgram } from '../support/servers/start-program.ts'
import { until } from '../support/until.ts'
import { storeFor, workerWith } from '../support/worker.ts'

const SHIPPED = resolve(import.meta.dirname, '../../config/winchester.yaml')
const STREAMS = 10_000
const BAD = 100

/** The broken streams of a day: those whose number is a multiple of 100 fail again. */
async function brokenStreams(open: () => Promise<OpenDatabase>): Promise<{ store: Store; db: Executor }> {
  const database = await open()
  const store = await createSqlStore(database, { writer: 'test' })
  onTestFinished(() => store.close())
  for (let at = 1; at <= STREAMS; at += 1000)
    await storeFor(
      store,
      Array.from({ length: 1000 }, (_, index) => String(at + index)),
    )
  await sql`update stream set state = 4, attempts = 3, last_error = 'handler nova: timeout after 30 s'`.execute(
    database.db,
  )
  // Two that are to be left alone.
  await sql`update stream set last_error = 'no such file' where id in (7, 8)`.execute(database.db)
  return { store, db: database.db }
}

/** Fails for every hundredth host. */
const Flaky = class {
  handleEvents(events: readonly Event[]) {
    const host = events[0]?.traits.host
    if (Number(host?.type === 'text' && host.value) % (STREAMS / BAD) === 0) throw new Error('timeout again')
    return events
  }
  commit() {}
  rollback() {}
} as HandlerClass

test.each(DATABASES.filter(({ name }) => name === 'mysql'))(
  'a bulk reset of 10,000 streams lists exactly the 100 that fail again, on $name',
  async ({ open }) => {
    const { store } = await brokenStreams(open)
    const runner = new ActionRunner({ store, name: 'api', logger: silentLogger })
    const access = { read: [], write: ['anna s3cret'] }
    process.env.KLUGMAN_TOKEN = 's3cret'
    onTestFinished(() => void delete process.env.KLUGMAN_TOKEN)
    const url = await serveApi({ store, runner, access })
    await runner.start()
    onTestFinished(() => runner.stop())
    const { worker } = workerWith(store, Flaky, { retries: 0, concurrency: 50 })
    await worker.start()
    onTestFinished(() => worker.stop())

    const filter = ['streams', '--state', 'error', '--last-error', '*TIMEOUT after*', '--reset', '--all']
    const refused = await runInProcess('klugman', ['--url', url, ...filter])
    expect(refused.stderr).toBe('cannot ask without a terminal: --reset of 9,998 streams needs --yes\n')
    expect(refused.code).toBe(2)
    const { code, stdout, stderr } = await runInProcess('klugman', [
      '--url',
      url,
      ...filter,
      '--yes',
      '--wait',
    ])
    expect(stderr).toBe('action 1 is done: 9,998 of 9,998, 9,898 done, 100 failed\n')
    expect(code).toBe(1)
    const listed = stdout.trim().split('\n')
    expect(listed.map((line) => Number(line.split(':')[0]))).toEqual(
      Array.from({ length: BAD }, (_, index) => (index + 1) * (STREAMS / BAD)),
    )
    expect(listed[0]).toMatch(/^100: .*timeout again/)

    const actions = await runInProcess('klugman', ['--url', url, 'actions', '--json'])
    expect(JSON.parse(actions.stdout)).toMatchObject({
      ...{ id: 1, token: 'anna', action: 'reset', target: 'streams', total: 9998, state: 'done' },
      filter: { state: 'error', last_error: '*TIMEOUT after*' },
    })
    const left = await runInProcess('klugman', [
      '--url',
      url,
      'streams',
      '--last-error',
      'no such file',
      '--count',
      '--json',
    ])
    expect(JSON.parse(left.stdout)).toEqual({ count: 2 })
  },
)

test('an action goes on where a killed API left it, and nothing is done twice', async () => {
  const url = await createTestDatabase()
  const { db } = await brokenStreams(() => openTestDatabase(url))
  const serve = async () => {
    const port = await freePort()
    const api = startProgram(['api', '-c', SHIPPED, '--listen', `127.0.0.1:${port}`], 'stv3', {
      STACKTACH_DATABASE_URL: url,
    })
    const client = createClient({ url: `http://127.0.0.1:${port}` })
    await until('the API answers', () =>
      client.countStreams().then(
        () => true,
        () => false,
      ),
    )
    return { api, client }
  }
  const first = await serve()
  const { id } = await first.client.beginStreamAction({
    action: 'reset',
    filter: { state: 'error', lastError: '*timeout after*' },
  })
  const doneNow = async () => {
    const query = sql<{ done: number }>`select count(*) as done from action_result where outcome = 3`
    return Number((await query.execute(db)).rows[0]?.done)
  }
  await until('a part of it is done', async () => (await doneNow()) > 0)
  await first.api.stop('SIGKILL')
  const before = await doneNow()
  expect(before).toBeLessThan(STREAMS - 2)

  const second = await serve()
  await until('it has ended', async () => (await second.client.getAction(id)).state === 'done')
  expect(await second.client.getAction(id)).toMatchObject({
    total: STREAMS - 2,
    outcomes: { running: STREAMS - 2, failed: 0 },
  })
  const { rows } = await sql`select count(*) as count, count(distinct stream_id) as streams,
    (select count(*) from stream where state = ${stateNumber('retry_fire')} and state_serial_no = 1) as reset_once
    from stream_change`.execute(db)
  const count = STREAMS - 2
  expect(rows).toEqual([{ count, streams: count, reset_once: count }])
})
