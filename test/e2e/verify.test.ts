import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { runProgram } from '../../sandbox/servers/child-program.ts'
import { buildWorker } from '../../src/assembly/build-worker.ts'
import { openDatabase, openStore } from '../../src/assembly/open-store.ts'
import { requirePipelines } from '../../src/assembly/require-pipelines.ts'
import { createManualClock } from '../../src/clock/event-clock.ts'
import { loadConfig } from '../../src/config/load/load-config.ts'
import { decodeNotificationText } from '../../src/distiller/decode-notification.ts'
import { createDistiller } from '../../src/distiller/distiller.ts'
import { MICROS_PER_DAY } from '../../src/domain/time.ts'
import { silentLogger } from '../../src/runtime/logger.ts'
import { upgradeSchema } from '../../src/store/schema/migrate.ts'
import { createRouter } from '../../src/streams/router.ts'
import { folderWith, temporaryFolder } from '../support/folders.ts'
import { writeLines } from '../support/notifications.ts'

const CONFIG = resolve(import.meta.dirname, '../../config')

const server = (id: string, more: object = {}) => ({
  instance_id: id,
  tenant_id: 't1',
  instance_flavor_id: '2',
  state: 'active',
  launched_at: '2026-01-01T08:00:30.000000',
  deleted_at: '',
  ...more,
})
const DAY = { audit_period_beginning: '2026-01-01 00:00:00', audit_period_ending: '2026-01-02 00:00:00' }

function told(message_id: string, event_type: string, timestamp: string, payload: object): string {
  return JSON.stringify({ message_id, event_type, timestamp, publisher_id: 'compute.h1', payload })
}

const created = (id: string) =>
  told(
    `create-${id}`,
    'compute.instance.create.end',
    '2026-01-01 08:00:31',
    server(id, { launched_at: '2026-01-01T08:00:30.967755' }),
  )
const exists = (id: string, more: object = {}) =>
  told(`exists-${id}`, 'compute.instance.exists', '2026-01-02 00:05:00', server(id, { ...DAY, ...more }))

const SOUND = [exists('a'), created('a')]
const FAULTY = [created('b'), exists('b', { tenant_id: 't2' })]
const NEVER_RAN = [
  told(
    'c1',
    'compute.instance.create.error',
    '2026-01-01 08:00:00',
    server('c', { state: 'error', launched_at: '', message: 'disk full' }),
  ),
]

const jsonLines = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

describe('stv3 verify', () => {
  test('says what is wrong, in words and as JSON, and exits 1', async () => {
    const file = writeLines(temporaryFolder(), 'day.jsonl', [...SOUND, ...FAULTY, ...NEVER_RAN])
    const plain = await runProgram('stv3', ['verify', file])
    expect(plain.code).toBe(1)
    expect(plain.stdout).toContain(
      "failed U2 compute.instance.exists exists-b (instance b, 2026-01-02T00:05:00)\n  Conflicting 'tenant_id' values ('t1' of compute.instance.create.end create-b != 't2' of compute.instance.exists exists-b)\n",
    )
    expect(plain.stdout).toContain('1 verified (0 with a warning), 1 failed, 1 unbilled, 0 open\n')
    const json = await runProgram('stv3', ['verify', file, '--json'])
    expect(json.code).toBe(1)
    expect(jsonLines(json.stdout)).toMatchObject([
      { verdict: 'unbilled', message_id: 'c1', reason: 'never launched: build aborted (disk full)' },
      { verdict: 'verified', message_id: 'exists-a', error_code: null, trigger: 'instance_day' },
      { verdict: 'failed', message_id: 'exists-b', error_code: 'U2', instance_id: 'b' },
    ])
  })

  test('is content with what is right, packed and in an envelope too; --all tells the checks', async () => {
    const file = join(temporaryFolder(), 'day.jsonl.gz')
    const wrapped = SOUND.map((line) => JSON.stringify({ 'oslo.version': '2.0', 'oslo.message': line }))
    writeFileSync(file, gzipSync(`${wrapped.join('\n')}\n`))
    const { code, stdout } = await runProgram('stv3', ['verify', file, '--all'])
    expect(code).toBe(0)
    expect(stdout).toContain(
      'core fields holds: launched_at, instance_flavor_id, tenant_id: as compute.instance.create.end create-a has them',
    )
  })

  test('leaves open what is not due yet, and fails on what cannot be read', async () => {
    const later = told(
      'd1',
      'compute.instance.create.end',
      '2026-01-02 00:10:00',
      server('d', { launched_at: '2026-01-02T00:09:59' }),
    )
    const open = await runProgram('stv3', [
      'verify',
      writeLines(temporaryFolder(), 'a.jsonl', [...SOUND, later]),
    ])
    expect(open).toMatchObject({ code: 0, stdout: expect.stringContaining('1 open') })
    const alone = await runProgram('stv3', ['verify', writeLines(temporaryFolder(), 'b.jsonl', [later])])
    expect(alone).toMatchObject({ code: 1, stdout: expect.stringContaining('failed U0') })
    const file = writeLines(temporaryFolder(), 'c.jsonl', [...SOUND, '{"event_type":'])
    const broken = await runProgram('stv3', ['verify', file])
    expect(broken.code).toBe(1)
    expect(broken.stderr).toContain(`${file}:3:15: the body is not JSON`)
  })

  test('goes by another configuration', async () => {
    const folder = folderWith({
      'winchester.yaml': `config_path: ${CONFIG}\ndistiller_config: event_definitions.yaml\ntrigger_definitions: triggers.yaml\npipeline_config: own.yaml\ndatabase: {url: "sqlite::memory:"}\n`,
      'own.yaml':
        'instance_day_complete: [usage]\ninstance_day_expired: [usage]\nversioned_instance_day: [usage]\n',
    })
    const file = writeLines(temporaryFolder(), 'day.jsonl', NEVER_RAN)
    const { code, stdout } = await runProgram('stv3', ['verify', file, '-c', join(folder, 'winchester.yaml')])
    expect(code).toBe(1)
    expect(stdout).toContain('failed U0')
  })
})

describe('stv3 explain --result', () => {
  test.each([
    ['kept', false],
    ['purged', true],
  ])('tells the checks of a result whose stream was %s', async (_, purge) => {
    const folder = folderWith({
      'winchester.yaml': `config_path: ${CONFIG}\ndistiller_config: event_definitions.yaml\ntrigger_definitions: triggers.yaml\npipeline_config: pipelines.yaml\ndatabase: {url: "sqlite:st.db"}\npurge_completed_streams: ${purge}\n`,
    })
    const file = join(folder, 'winchester.yaml')
    const results = await runEngine(file, [...SOUND, ...FAULTY, ...NEVER_RAN])
    const explain = (type: string) =>
      runProgram('stv3', ['explain', '-c', file, '--result', results.get(type) ?? ''])
    expect(await explain('compute.instance.exists.failed')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("core fields fails: Conflicting 'tenant_id' values"),
    })
    expect(await explain('compute.instance.unbilled')).toMatchObject({
      stdout: expect.stringContaining('never launched: build aborted (disk full)'),
    })
    const { code, stderr } = await runProgram('stv3', ['explain', '-c', file, '--result', 'exists-a'])
    expect(code).toBe(1)
    expect(stderr).toContain('exists-a is not a result of verifying usage')
  })

  test('needs a file or a result, and not both', async () => {
    const { code } = await runProgram('stv3', ['explain', '-c', join(CONFIG, 'winchester.yaml')])
    expect(code).toBe(2)
  })
})

/** Stores notifications and completes all streams; answers the id of a result of each type. */
async function runEngine(file: string, lines: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const config = await loadConfig(file, {})
  const database = await openDatabase(config.winchester.database.url, config.folder)
  await upgradeSchema(database.db, database.dialect.types)
  await database.db.destroy()
  const store = await openStore(config, { writer: 'test' })
  const [distiller, router] = [
    createDistiller(config.definitions, { catchAll: false }),
    createRouter(config.triggers),
  ]
  const clock = createManualClock(0)
  for (const line of lines) {
    const decoded = decodeNotificationText(line)
    const distilled = decoded.ok ? distiller.distil(decoded.notification, 0) : undefined
    if (distilled?.kind !== 'event') throw new Error(`no event: ${line}`)
    const { event } = distilled
    clock.set(Math.max(clock.now(), event.timestamp))
    await store.storeBatch(
      { arrivals: [{ event, at: clock.now(), keys: router.keysOf(event) }], deadLetters: [] },
      router,
    )
  }
  const pipelines = await requirePipelines(config)
  const worker = buildWorker({ config, pipelines, store, clock, logger: silentLogger, name: 'test' })
  clock.set(clock.now() + 3 * MICROS_PER_DAY)
  for (const kind of ['fire', 'expire'] as const) while ((await worker.pass(kind)) > 0);
  const events = await store.listEvents({}, { limit: 1000, mark: undefined, ascending: true })
  await store.close()
  return new Map(events.map(({ eventType, messageId }) => [eventType, messageId]))
}
