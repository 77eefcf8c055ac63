import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { runProgram } from '../../sandbox/servers/child-program.ts'
import type { NewDeadLetter } from '../../src/store/ports/dead-letter-box.ts'
import { upgradeSchema } from '../../src/store/schema/migrate.ts'
import { createSqlStore } from '../../src/store/sql-store.ts'
import { openSqliteDatabase } from '../../src/store/sqlite/sqlite-database.ts'
import { event, routerOf } from '../support/events.ts'
import { folderWith } from '../support/folders.ts'

const DEFINITIONS = resolve(import.meta.dirname, '../../config/event_definitions.yaml')
const ALL = { limit: 100, mark: undefined, ascending: true }

const notification = (fields: object) =>
  JSON.stringify({
    event_type: 'compute.instance.update',
    message_id: 'm1',
    timestamp: '2026-01-01 00:00:00',
    _context_auth_token: 's3cr3t',
    payload: { instance_id: 'i1', memory_mb: 512 },
    ...fields,
  })

/** A configuration with a database of its own, and the letters in it. */
async function deployed(letters: readonly (Partial<NewDeadLetter> & { body: Buffer })[]) {
  const folder = folderWith({
    'winchester.yaml': `distiller_config: ${DEFINITIONS}\ntrigger_definitions: triggers.yaml\npipeline_config: pipelines.yaml\ndatabase:\n  url: sqlite:st.db\n`,
    'triggers.yaml': `- name: trigger\n  distinguished_by: [instance_id]\n  match_criteria: [{event_type: "*"}]\n  fire_criteria: [{event_type: "*"}]\n  expiration: $last + 1d\n  fire_pipeline: fire\n`,
    'pipelines.yaml': 'fire: [logger]\n',
  })
  const database = openSqliteDatabase(join(folder, 'st.db'))
  await upgradeSchema(database.db, database.dialect.types)
  const store = await createSqlStore(database)
  const deadLetters = letters.map((letter) => ({ stage: 'distill', reason: 'r', queue: 'q', ...letter }))
  await store.storeBatch({ arrivals: [], deadLetters }, routerOf())
  const config = join(folder, 'winchester.yaml')
  return {
    store,
    run: (...args: string[]) =>
      runProgram('stv3', ['dead-letters', ...args, '-c', config, '--log-level', 'error']),
  }
}

const lines = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

test('ls and show tell what there is, without its secrets', async () => {
  const { store, run } = await deployed([
    { body: Buffer.from(notification({})), reason: 'memory_mb: "much" is no int' },
    { body: Buffer.from([255, 254]), stage: 'decode', queue: 'other' },
    { body: Buffer.concat([Buffer.from(notification({})), Buffer.from([0xc3])]), stage: 'size' },
  ])
  const [cut] = lines((await run('ls', '--stage', 'size', '--json')).stdout)
  const text = Buffer.from(cut.body.base64, 'base64').toString('latin1')
  expect(text).toContain('"_context_auth_token":"***"')
  expect(text).toContain('"message_id":"m1"')
  const listed = await run('ls')
  expect(listed.code).toBe(0)
  expect(listed.stdout).toContain('memory_mb: "much" is no int')
  expect(lines((await run('ls', '--stage', 'decode', '--json')).stdout)).toEqual([
    {
      id: 2,
      stage: 'decode',
      reason: 'r',
      queue: 'other',
      bytes: 2,
      at: expect.any(String),
      body: { base64: '//4=' },
    },
  ])
  expect((await run('ls', '--limit', '1')).stdout).toContain('1 of 3; --limit shows more')
  const shown = (await run('show', '1')).stdout
  expect(shown).toContain('"instance_id":"i1"')
  expect(shown).toContain('***')
  for (const { stdout } of [listed, await run('ls', '--json'), await run('show', '1', '--json')]) {
    expect(stdout).not.toContain('s3cr3t')
  }
  expect(shown).not.toContain('s3cr3t')
  await store.close()
})

test('retry stores what the configuration now takes, and says why the rest fails', async () => {
  const { store, run } = await deployed([
    { body: Buffer.from(notification({ message_id: 'good' })) },
    { body: Buffer.from('{"event_type"'), stage: 'distill' },
    { body: Buffer.from(notification({ message_id: 'foreign', event_type: 'no.such' })) },
    { body: Buffer.from(notification({}).slice(0, 64).padEnd(65_536)), stage: 'size' },
    // Under a limit below 64 KiB it was kept whole.
    { body: Buffer.from(notification({ message_id: 'whole' })), stage: 'size' },
  ])
  const { code, stdout } = await run('retry', '--all', '--json')
  expect(code).toBe(1)
  expect(lines(stdout)).toEqual([
    { id: 1, outcome: 'stored' },
    { id: 2, outcome: 'failed', stage: 'decode', reason: expect.stringContaining('JSON') },
    { id: 3, outcome: 'dropped' },
    { id: 4, outcome: 'failed', stage: 'size', reason: expect.stringContaining('archive') },
    { id: 5, outcome: 'stored', remark: expect.stringContaining('apps of queue q, if it has any') },
  ])
  expect(await store.findEvent('good')).toMatchObject({ eventType: 'compute.instance.update' })
  expect(await store.listStreams({}, ALL)).toMatchObject([{ eventCount: 2 }])
  expect((await store.listDeadLetters({}, ALL)).map(({ id, stage }) => [id, stage])).toEqual([
    [2, 'decode'],
    [4, 'size'],
  ])
  await store.close()
})

test('retry brings a stream back whose pipeline failed', async () => {
  const { store, run } = await deployed([])
  const router = routerOf({ fire_criteria: [{ event_type: '*' }] })
  const one = event({ host: 'h' })
  await store.storeBatch(
    { arrivals: [{ event: one, at: 0, keys: router.keysOf(one) }], deadLetters: [] },
    router,
  )
  const [claim] = await store.claimStreams({ kind: 'fire', now: 1, limit: 1, worker: 'w', leaseMs: 1000 })
  if (!claim) throw new Error('the stream must be due')
  await store.failRun({ claim, error: 'boom', retryInMs: undefined })
  expect((await run('retry', '1')).stdout).toBe('1: its stream will be run again\n')
  expect(await store.listStreams({}, ALL)).toMatchObject([{ state: 'retry_fire', attempts: 0 }])
  expect(await store.listDeadLetters({}, ALL)).toEqual([])
  await store.close()
})

test('drop deletes what is named, or all that match the filters, and nothing by mistake', async () => {
  const { store, run } = await deployed([
    { body: Buffer.from('1') },
    { body: Buffer.from('2'), stage: 'decode' },
    { body: Buffer.from('3') },
  ])
  const left = async () => (await store.listDeadLetters({}, ALL)).map(({ id }) => id)
  expect(await run('drop')).toMatchObject({ code: 2, stderr: expect.stringContaining('--all') })
  expect(await run('drop', '1', 'abc')).toMatchObject({ code: 2, stderr: expect.stringContaining('abc') })
  expect(await run('retry', 'x')).toMatchObject({ code: 2, stderr: expect.stringContaining('x') })
  expect(await run('drop', '1', '--all')).toMatchObject({ code: 2 })
  expect(await run('drop', '1', '9')).toMatchObject({
    code: 1,
    stderr: 'stv3: there is no dead letter 9 that matches the filters; nothing was changed\n',
  })
  expect(await left()).toEqual([1, 2, 3])
  expect(await run('drop', '3')).toMatchObject({ code: 0, stdout: '1 dropped\n' })
  expect(await run('drop', '--all', '--stage', 'decode')).toMatchObject({
    code: 2,
    stderr: 'stv3: cannot ask without a terminal: drop --all needs --yes\n',
  })
  expect(await run('drop', '--all', '--stage', 'decode', '--yes')).toMatchObject({
    code: 0,
    stdout: '1 dropped\n',
  })
  expect(await left()).toEqual([1])
  expect(await run('show', '3')).toMatchObject({ code: 1, stderr: 'stv3: there is no dead letter 3\n' })
  await store.close()
})
