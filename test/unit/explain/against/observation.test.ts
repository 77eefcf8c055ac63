import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { loadConfig } from '../../../../src/config/load/load-config.ts'
import { findingsOf } from '../../../../src/explain/against/findings.ts'
import { Observation } from '../../../../src/explain/against/observation.ts'
import { folderWith } from '../../../support/folders.ts'

const FILES = {
  'winchester.yaml': `
database: {url: "sqlite::memory:"}
distiller_config: [events.yaml, spare.yaml]
trigger_definitions: triggers.yaml
pipeline_config: pipelines.yaml
`,
  'events.yaml': `
- event_type: "a.*"
  traits: &a
    thing_id:
      fields: [payload.id, payload.thing_id]
    size:
      type: int
      fields: payload.size
    colour: {fields: payload.colour}
- event_type: a.special
  traits:
    <<: *a
- event_type: never
  traits: {}
- event_type: a.lost
  traits: {}
- event_type: a.l*
  traits: *a
`,
  'spare.yaml': '- {event_type: x.*, traits: {}}\n- {event_type: y.*, traits: {}}\n',
  'triggers.yaml': `
- name: things
  distinguished_by: [thing_id]
  match_criteria: [{event_type: a.*}]
  fire_criteria: [{event_type: a.end}]
  expiration: $last + 1h
  fire_pipeline: go
- name: colours
  distinguished_by: [colour]
  match_criteria: [{event_type: a.*}]
  fire_criteria: [{event_type: a.end}]
  expiration: $last + 1h
  fire_pipeline: go
- name: others
  distinguished_by: [thing_id]
  match_criteria: [{event_type: other}]
  fire_criteria: [{event_type: other}]
  expiration: $last + 1h
  fire_pipeline: go
`,
  'pipelines.yaml': 'go: [logger]\n',
}

async function findings(lines: readonly unknown[], files: { readonly [name: string]: string } = FILES) {
  const config = await loadConfig(join(folderWith(files), 'winchester.yaml'), {})
  const observation = new Observation(config)
  for (const [index, line] of lines.entries()) {
    const text = typeof line === 'string' ? line : JSON.stringify(line)
    observation.add(text, { file: 'day.jsonl', line: index + 1, column: 1 })
  }
  return findingsOf(config, observation).map(({ severity, code, message, path, position }) => {
    const { file, line, column } = position
    return { severity, code, message, path, at: `${file.split('/').at(-1)}:${line}:${column}` }
  })
}

function notification(event_type: string, payload: unknown) {
  return { event_type, message_id: 'm', timestamp: '2026-11-19 10:00:00', payload }
}

const SOUND = [
  notification('a.b', { id: '1', size: 3, colour: 'red' }),
  notification('a.special', { id: '1', size: 3, colour: 'red' }),
  notification('a.lost', { id: '1', size: 3, colour: 'red' }),
  notification('x.b', {}),
  notification('y.b', {}),
]

test('what nothing needed is told where it stands', async () => {
  expect(await findings(SOUND)).toEqual([
    {
      severity: 'warning',
      code: 'definition-unused',
      at: 'events.yaml:13:3',
      path: '',
      message: 'the definition of never was not used: no notification has such a type',
    },
    {
      severity: 'warning',
      code: 'definition-unused',
      at: 'events.yaml:15:3',
      path: '',
      message: 'the definition of a.lost was not used: later definitions took a.lost',
    },
    {
      severity: 'warning',
      code: 'trigger-unmatched',
      at: 'triggers.yaml:14:3',
      path: '',
      message: 'trigger others matched no event: no event is of its types',
    },
  ])
})

test('types without a definition are counted, the commonest first', async () => {
  const lines = [...SOUND, notification('p', {}), notification('q', {}), notification('q', {})]
  expect((await findings(lines)).filter(({ code }) => code === 'no-definition')).toMatchObject([
    { at: 'day.jsonl:7:1', message: 'q: no definition matches 2 notifications', severity: 'warning' },
    { at: 'day.jsonl:6:1', message: 'p: no definition matches 1 notification' },
  ])
})

test('a trait that is never filled is told at its key', async () => {
  const lines = [notification('a.b', { id: '1' }), notification('a.c', { id: '1', colour: 'red' })]
  expect((await findings(lines)).filter(({ code }) => code === 'trait-unfilled')).toMatchObject([
    {
      severity: 'warning',
      at: 'events.yaml:6:5',
      path: 'traits.size',
      message: 'trait size of a.*: none of 2 notifications (a.b, a.c) has payload.size',
    },
  ])
})

test('a trait that definitions share is filled where one of them fills it, and told once where none does', async () => {
  const lines = [notification('a.b', { id: '1' }), notification('a.special', { id: '1', size: 3 })]
  expect((await findings(lines)).filter(({ code }) => code === 'trait-unfilled')).toMatchObject([
    {
      at: 'events.yaml:9:5',
      message: 'trait colour of a.* and 1 more: none of 2 notifications (a.b, a.special) has payload.colour',
    },
  ])
})

test('a file of which nothing was used is told once', async () => {
  expect((await findings(SOUND.slice(0, 3))).filter(({ at }) => at.startsWith('spare'))).toMatchObject([
    { at: 'spare.yaml:1:1', message: 'none of the 2 definitions of this file was used' },
  ])
})

test('a trigger that never matched says why mostly', async () => {
  const lines = [notification('a.b', { id: '1', size: 1 }), notification('a.c', { id: '2', size: 1 })]
  expect((await findings(lines)).filter(({ code }) => code === 'trigger-unmatched')).toMatchObject([
    {
      at: 'triggers.yaml:8:3',
      message: 'trigger colours matched no event: mostly (2) because distinguishing trait colour is missing',
    },
    { at: 'triggers.yaml:14:3' },
  ])
})

test('what cannot be read or distilled is an error with its line, and the rest goes on', async () => {
  const lines = [
    'nonsense',
    { 'oslo.version': '2.0', 'oslo.message': JSON.stringify(SOUND[0]) },
    ...SOUND.slice(1),
    notification('a.b', { id: '1', size: 'much' }),
    notification('a.b', { id: '1', size: 'much' }),
    { event_type: 'a.b' },
  ]
  expect((await findings(lines)).filter(({ severity }) => severity === 'error')).toMatchObject([
    {
      code: 'unreadable',
      at: 'day.jsonl:1:1',
      message: expect.stringMatching(/^not a notification: the body is not JSON/),
    },
    {
      code: 'unreadable',
      at: 'day.jsonl:9:1',
      message: 'not a notification: message_id is missing or not a text',
    },
    {
      code: 'not-distilled',
      at: 'events.yaml:6:5',
      path: 'traits.size',
      message:
        '2 notifications did not become an event: trait size: "much" is not an integer; the first at day.jsonl:7',
    },
  ])
})

test.each([
  ['the id is under another name', { uuid: 'u1' }, 'payload.uuid'],
  ['it stands deeper', { part: { data: { 'nova.thing_id': 5 } } }, "payload.part.data.'nova.thing_id'"],
  ['it is the first of a list', { parts: [{ id: 'p1' }, { id: 'p2' }] }, 'payload.parts[0].id'],
])('an event without id is told where %s', async (_, payload, path) => {
  const lines = [...SOUND, notification('a.b', { size: 1, ...payload })]
  expect((await findings(lines)).filter(({ code }) => code === 'event-without-id')).toMatchObject([
    {
      severity: 'warning',
      at: 'day.jsonl:6:1',
      message: `a.b: in 1 of 2 no trait holds an id of the resource, though the notification has ${path}`,
    },
  ])
})

test.each([
  ['there is none', { size: 1 }],
  [
    'there are those of the caller only',
    { tenant_id: 't', user_id: 'u', request_id: 'r', initiator: { id: 'i' } },
  ],
  ['a trait has one of several', { thing_id: 'x', other_id: 'y' }],
  ['it is empty', { uuid: '' }],
])('nothing is told of ids where %s', async (_, payload) => {
  const found = await findings([...SOUND, notification('a.b', payload)])
  expect(found.filter(({ code }) => code === 'event-without-id')).toEqual([])
})

test('exists whose audit period is not within their stream are told, each kind once', async () => {
  const exists = (id: string, beginning: string, ending: string) => ({
    event_type: 'compute.instance.exists',
    message_id: id,
    timestamp: `${ending.slice(0, 10)} 08:05:00`,
    payload: { instance_id: 'i', audit_period_beginning: beginning, audit_period_ending: ending },
  })
  const config = await loadConfig(resolve(import.meta.dirname, '../../../../config/winchester.yaml'), {})
  const observation = new Observation(config)
  for (const one of [
    exists('whole', '2026-01-01 00:00:00', '2026-01-02 00:00:00'),
    exists('shifted', '2026-01-01 08:00:00', '2026-01-02 08:00:00'),
    exists('again', '2026-01-02 08:00:00', '2026-01-03 08:00:00'),
  ])
    observation.add(JSON.stringify(one), { file: 'f', line: 1, column: 1 })
  const told = findingsOf(config, observation).filter(({ code }) => code === 'audit-period')
  expect(told.map(({ message }) => message)).toEqual([
    expect.stringContaining(
      'the audit period of 2 notifications of compute.instance.exists is not within its stream of instance_day, such as 2026-01-01T08:00:00 to 2026-01-02T08:00:00 in that of 2026-01-01T00:00:00 to 2026-01-02T00:00:00',
    ),
  ])
})
