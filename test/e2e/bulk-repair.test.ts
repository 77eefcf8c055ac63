import { sql } from 'kysely'
import { expect, onTestFinished, test } from 'vitest'
import type { Event } from '../../src/domain/event.ts'
import type { HandlerClass } from '../../src/pipeline/handler.ts'
import { ActionRunner } from '../../src/repair/action-runner.ts'
import { silentLogger } from '../../src/runtime/logger.ts'
import { createSqlStore } from '../../src/store/sql-store.ts'
import { serveApi } from '../support/api.ts'
import { DATABASES } from '../support/databases.ts'
import { runInProcess } from '../support/run-in-process.ts'
import { storeFor, workerWith } from '../support/worker.ts'

const STREAMS = 10_000
const BAD = 100

/** The broken streams of a day: those whose number is a multiple of 100 fail again. */
async function brokenStreams(open: (typeof DATABASES)[number]['open']) {
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
  return store
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
    const store = await brokenStreams(open)
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
