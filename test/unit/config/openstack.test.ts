import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { requirePipelines } from '../../../src/assembly/require-pipelines.ts'
import { loadConfig } from '../../../src/config/load/load-config.ts'
import { runTest } from '../../../src/config-test/run-test.ts'
import type { TestStep } from '../../../src/config-test/test-schema.ts'
import { silentLogger } from '../../../src/runtime/logger.ts'
import { at } from '../../support/events.ts'
import { folderWith } from '../../support/folders.ts'

const CONFIG = resolve(import.meta.dirname, '../../../config')

/** What a configuration makes of steps: each stream with its events, and the types of what pipelines made. */
async function run(file: string, steps: readonly TestStep[], environment: { [name: string]: string } = {}) {
  const config = await loadConfig(file, environment)
  expect(config.warnings).toEqual([])
  const { definitions, triggers } = config
  const pipelines = await requirePipelines(config)
  const parts = {
    definitions,
    triggers,
    pipelines,
    purge: false,
    retries: 0,
    catchAll: false,
    clock: 'auto',
  } as const
  const { streams, events } = await runTest(steps, parts, silentLogger)
  return {
    streams: streams.map(({ name, state, events: members }) => [name, state, members]),
    made: events.map(({ event_type }) => event_type),
  }
}

function told(message_id: string, event_type: string, time: string, payload: object): TestStep {
  return { now: at(time), notification: { message_id, event_type, timestamp: time, payload } } as TestStep
}

const fire = (time: string) => ({ now: at(time), run: 'fire' }) as TestStep
const server = { instance_id: 'i1', tenant_id: 't1', instance_flavor_id: '2', state: 'active' }
const audit = (beginning: string, ending: string) => ({
  audit_period_beginning: beginning,
  audit_period_ending: ending,
})

test('an audit day that begins at eight is one stream, fired by its exists', async () => {
  const launched = { ...server, launched_at: '2026-01-02 03:00:00' }
  const steps = [
    told('a', 'compute.instance.create.end', '2026-01-02 03:00:01', launched),
    told('b', 'compute.instance.reboot.end', '2026-01-02 08:00:01', launched),
    told('c', 'compute.instance.exists', '2026-01-02 08:05:00', {
      ...launched,
      ...audit('2026-01-01 08:00:00', '2026-01-02 08:00:00'),
    }),
    fire('2026-01-02 08:06:01'),
  ]
  const file = resolve(CONFIG, 'winchester.yaml')
  expect(await run(file, steps, { STACKTACH_DAY_BEGINS: '8h' })).toEqual({
    streams: [
      ['instance_day', 'completed', ['a', 'c']],
      ['instance_day', 'active', ['b']],
    ],
    made: ['compute.instance.exists.verified'],
  })
})

test('an audit of months has streams of months', async () => {
  const folder = folderWith({
    'winchester.yaml': `config_path: ${CONFIG}\ndistiller_config: event_definitions.yaml\ntrigger_definitions: openstack/triggers-month.yaml\npipeline_config: pipelines.yaml\ndatabase: {url: "sqlite::memory:"}\n`,
  })
  const launched = { ...server, launched_at: '2026-01-05 03:00:00' }
  const steps = [
    told('a', 'compute.instance.create.end', '2026-01-05 03:00:01', launched),
    { now: at('2026-01-25 00:00:00'), run: 'expire' } as TestStep,
    told('b', 'compute.instance.reboot.end', '2026-01-31 23:59:59', launched),
    told('c', 'compute.instance.exists', '2026-02-01 00:05:00', {
      ...launched,
      ...audit('2026-01-01 00:00:00', '2026-02-01 00:00:00'),
    }),
    fire('2026-02-01 00:06:01'),
  ]
  expect(await run(resolve(folder, 'winchester.yaml'), steps)).toEqual({
    streams: [['instance_month', 'completed', ['a', 'b', 'c']]],
    made: ['compute.instance.exists.verified'],
  })
})

test('volumes, snapshots, images and addresses have streams of their own, volumes are verified', async () => {
  const volume = {
    volume_id: 'v1',
    tenant_id: 't1',
    size: 10,
    status: 'available',
    created_at: '2026-01-01T08:00:00',
  }
  const steps = [
    told('a', 'volume.create.end', '2026-01-01 08:00:01', volume),
    told('b', 'snapshot.create.end', '2026-01-01 09:00:00', {
      snapshot_id: 's1',
      volume_id: 'v1',
      tenant_id: 't1',
      volume_size: 10,
      status: 'available',
    }),
    told('c', 'image.create', '2026-01-01 09:00:00', { id: 'img1', owner: 't1', status: 'queued' }),
    told('d', 'floatingip.create.end', '2026-01-01 09:00:00', { floatingip: { id: 'f1', tenant_id: 't1' } }),
    told('e', 'volume.exists', '2026-01-02 00:05:00', {
      ...volume,
      size: 20,
      ...audit('2026-01-01 00:00:00', '2026-01-02 00:00:00'),
    }),
    told('f', 'snapshot.exists', '2026-01-02 00:05:00', {
      snapshot_id: 's1',
      volume_id: 'v1',
      tenant_id: 't1',
      volume_size: 10,
      status: 'available',
      ...audit('2026-01-01 00:00:00', '2026-01-02 00:00:00'),
    }),
    fire('2026-01-02 00:06:01'),
  ]
  expect(await run(resolve(CONFIG, 'openstack/winchester.yaml'), steps)).toEqual({
    streams: [
      ['volume_day', 'completed', ['a', 'e']],
      ['snapshot_day', 'completed', ['b', 'f']],
      ['image_day', 'active', ['c']],
      ['address_day', 'active', ['d']],
    ],
    made: ['snapshot.exists.verified', 'volume.exists.failed'],
  })
})

test('findings of one of several trigger files are told with its place', async () => {
  const folder = folderWith({
    'winchester.yaml':
      'trigger_definitions: [one.yaml, two.yaml, three.yaml]\ndatabase: {url: "sqlite::memory:"}\n',
    'one.yaml': '- {name: a, match_criteria: [], fire_criteria: [], expiration: $last, fire_pipeline: p}\n',
    'two.yaml':
      '\n- {name: b, match_criteria: [], fire_criteria: [], expiration: $last +, fire_pipeline: p}\n',
  })
  await expect(loadConfig(resolve(folder, 'winchester.yaml'), {})).rejects.toThrow(
    /winchester\.yaml:1:\d+: trigger_definitions: three\.yaml is not in .*[\s\S]*two\.yaml:2:/,
  )
})
