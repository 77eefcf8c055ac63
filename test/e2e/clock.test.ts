import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runProgram } from '../../sandbox/servers/child-program.ts'
import { freePort } from '../../sandbox/servers/server-process.ts'
import { MICROS_PER_DAY } from '../../src/domain/time.ts'
import { createSqlStore } from '../../src/store/sql-store.ts'
import { openSqliteDatabase } from '../../src/store/sqlite/sqlite-database.ts'
import { folderWith } from '../support/folders.ts'
import { startProgram } from '../support/servers/start-program.ts'
import { until } from '../support/until.ts'

test('the event clock and who holds it: on the command line, over REST, and until it is forgotten', async () => {
  const folder = folderWith({ 'winchester.yaml': 'database:\n  url: sqlite:events.db\n' })
  const config = ['-c', join(folder, 'winchester.yaml')]
  await runProgram('stv3', ['db', 'upgrade', ...config])
  const free = await runProgram('stv3', ['clock', ...config])
  expect(free).toMatchObject({ code: 0, stdout: expect.stringMatching(/follows the wall clock: 20\d\d-/) })

  const store = await createSqlStore(openSqliteDatabase(join(folder, 'events.db')), { writer: 'c1' })
  const since = Date.now() * 1000
  const at = since - 3 * MICROS_PER_DAY
  const queues = {
    'monitor.info': { at, since, why: 'backlog', hasLeft: true },
    notifications: { at: since, since, why: null, hasLeft: true },
  } as const
  await store.report(() => ({ number: 1, queues }))
  await store.close()

  const held = await runProgram('stv3', ['clock', ...config])
  expect(held.stdout).toMatch(
    /^the event clock is held at 20\S+, 3 days behind: for queue monitor.info c1 was the last to read it, and has ended\n/,
  )
  const json = JSON.parse((await runProgram('stv3', ['clock', '--json', ...config])).stdout)
  expect(json).toMatchObject({
    clock: 'auto',
    held_by: [
      { queue: 'monitor.info', why: 'gone' },
      { queue: 'notifications', why: 'gone' },
    ],
  })

  const port = await freePort()
  startProgram(['api', ...config, '--listen', `127.0.0.1:${port}`])
  const ask = async () => (await fetch(`http://127.0.0.1:${port}/v1/clock`)).json()
  await until('the API to listen', () => ask().then(Boolean, () => false))
  expect(await ask()).toMatchObject({
    clock: 'auto',
    follows: 'notifications',
    now: { __type__: 'datetime', datetime: json.now },
    held_by: [{ queue: 'monitor.info', consumer: 'c1', why: 'gone' }, { queue: 'notifications' }],
  })

  const other = await runProgram('stv3', ['clock', 'forget', 'other', ...config])
  expect(other).toMatchObject({
    code: 1,
    stderr: 'stv3: nobody who has ended holds the event clock for queue other\n',
  })
  // A consumer that has just ended may come back at once.
  const database = openSqliteDatabase(join(folder, 'events.db'))
  await database.db
    .updateTable('writer')
    .set({ heard_at: since - MICROS_PER_DAY })
    .execute()
  await database.db.destroy()
  expect(await runProgram('stv3', ['clock', 'forget', 'monitor.info', ...config])).toMatchObject({ code: 0 })
  expect(await ask()).toMatchObject({ held_by: [{ queue: 'notifications' }] })
  expect(await runProgram('stv3', ['clock', 'forget', 'notifications', ...config])).toMatchObject({ code: 0 })
  expect(await ask()).toMatchObject({ follows: 'wall clock', since: null, held_by: [] })
})

test('the time server serves its status where the environment says, for stv3 status too', async () => {
  const [listen, status] = [await freePort(), await freePort()]
  const env = { STACKTACH_STATUS: `127.0.0.1:${status}` }
  const ask = () => runProgram('stv3', ['status', '--json', '--at', `time-server=127.0.0.1:${status}`])
  expect(await ask()).toMatchObject({ code: 1, stdout: expect.stringContaining('ECONNREFUSED') })
  const server = startProgram(['time-server', '--listen', `127.0.0.1:${listen}`], 'stv3', env)
  await until('the time server to be well', async () => (await ask()).code === 0)
  expect(JSON.parse((await ask()).stdout)).toMatchObject({
    ok: true,
    processes: [{ role: 'time-server', state: 'ready', clock: 'time_sync' }],
  })
  expect(await runProgram('stv3', ['time-server'], { STACKTACH_STATUS: 'x' })).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/STACKTACH_STATUS.*expected HOST:PORT on a loopback address/),
  })
  expect(await server.stop()).toMatchObject({ code: 0 })
})
