import { expect, test } from 'vitest'
import { folderWith } from '../../support/folders.ts'
import { runInProcess } from '../../support/run-in-process.ts'

const LINES = [
  { event_type: 'shop.order', message_id: 'm1', payload: { order: 'A', state: 'open' } },
  { event_type: 'shop.order', message_id: 'm2', payload: { order: 'A', state: 'paid' } },
  { event_type: 'shop.order', message_id: 'm3', payload: { order: 'B', state: 'payd' } },
  { event_type: 'shop.order', message_id: 'm4', payload: { order: 'B', count: 'many' } },
  { event_type: 'shop.other', message_id: 'm5', payload: {} },
]

const FOLDER = {
  'winchester.yaml':
    'database: {url: "sqlite:x.db"}\npipeline_handlers: {logger: "winchester.pipeline_handler:LoggingHandler"}\ndistiller_config: definitions.yaml\ntrigger_definitions: triggers.yaml\npipeline_config: pipelines.yaml\n',
  'definitions.yaml': `- event_type: shop.order
  traits:
    order: {fields: payload.order}
    state: {fields: payload.state}
    count: {type: int, fields: payload.count}
`,
  'triggers.yaml': `- name: order
  distinguished_by: [order]
  expiration: $last + 1h
  fire_pipeline: paid
  match_criteria: [{event_type: shop.*}]
  fire_criteria: [{event_type: shop.order, traits: {state: paid}}]
`,
  'pipelines.yaml': 'paid: [logger]\n',
  'orders.jsonl': LINES.map((line) =>
    JSON.stringify({ timestamp: '2026-01-01 00:00:00', publisher_id: 'shop', ...line }),
  ).join('\n'),
}

async function explain(...options: readonly string[]) {
  const folder = folderWith(FOLDER)
  return runInProcess('stv3', [
    'explain',
    `${folder}/orders.jsonl`,
    '-c',
    `${folder}/winchester.yaml`,
    ...options,
  ])
}

test('a summary counts types, streams and reasons', async () => {
  const { stdout } = await explain('--summary')
  expect(stdout).toBe(`5 notifications, 3 events
event types:
  4 shop.order
    1 become no event: distill: trait count: "many" is not an integer
  1 shop.other
    1 become no event: no event definition matches this event type
trigger order: 3 events in 2 streams
  1 event for the fire criterion event_type: shop.order, traits: {state: paid}
    2 do not count: trait state is not "paid"
`)
  const { event_types, triggers } = JSON.parse((await explain('--summary', '--json')).stdout)
  expect(event_types[1]).toEqual({
    event_type: 'shop.other',
    count: 1,
    errors: [{ what: 'no event definition matches this event type', count: 1 }],
  })
  expect(triggers[0]).toMatchObject({ name: 'order', joined: 3, streams: 2, mismatches: [] })
})

test('--where chooses notifications by the traits of their events', async () => {
  const { stdout } = await explain('--where', 'order=A', '--where', 'state=paid')
  expect(stdout.match(/^shop.*$/gm)).toEqual(['shop.order m2'])
  const none = await explain('--where', 'order=C', '--summary')
  expect(none).toMatchObject({
    code: 0,
    stdout: '',
    stderr: expect.stringContaining('5 notifications, none with order=C'),
  })
})

test('--summary is of notifications, not of a result', async () => {
  const { code, stderr } = await runInProcess('stv3', [
    'explain',
    '--result',
    'm1',
    '-c',
    'none.yaml',
    '--summary',
  ])
  expect(code).not.toBe(0)
  expect(stderr).toContain("'--summary' cannot be used with option '--result")
})
