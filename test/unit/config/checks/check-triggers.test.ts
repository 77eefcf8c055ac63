import { expect, test } from 'vitest'
import { findingsOf, SOUND_FILES } from '../../../support/config-findings.ts'

const TRIGGERS = SOUND_FILES['triggers.yaml']

test.each([
  [
    'a distinguishing trait that no definition makes',
    TRIGGERS.replace('[host]', '[hsot]'),
    { at: 'triggers.yaml:3:22', severity: 'error', code: 'unknown-trait' },
    'no event definition makes the trait "hsot"; did you mean "host"?',
  ],
  [
    'a distinguishing expression on a trait that no definition makes',
    TRIGGERS.replace('[host]', '[{launched: day}]'),
    { at: 'triggers.yaml:3:22', severity: 'error', code: 'unknown-trait' },
    'no event definition makes the trait "launched"',
  ],
  [
    'a criterion on a trait that no definition makes',
    TRIGGERS.replace('event_type: x.end', 'event_type: x.end, traits: {state: up}'),
    { at: 'triggers.yaml:5:55', severity: 'warning', code: 'unknown-trait' },
    'no event definition makes the trait "state"',
  ],
  [
    'a trait that is mapped to one that no definition makes',
    TRIGGERS.replace('event_type: x.*', 'event_type: x.*, map_distinguished_by: {host: node}'),
    { at: 'triggers.yaml:4:67', severity: 'warning', code: 'unknown-trait' },
    'no event definition makes the trait "node"',
  ],
  [
    'a time expression of a criterion over a trait that no definition makes',
    TRIGGERS.replace('event_type: x.end', 'event_type: x.end, timestamp: day($launched)'),
    { at: 'triggers.yaml:5:50', severity: 'warning', code: 'unknown-trait' },
    'no event definition makes the trait "launched"',
  ],
  [
    'load_criteria',
    `${TRIGGERS}  load_criteria: []\n`,
    { at: 'triggers.yaml:8:18', severity: 'warning', code: 'ignored' },
    'load_criteria: is ignored',
  ],
  [
    'the old spelling of map_distinguished_by',
    TRIGGERS.replace('event_type: x.*', 'event_type: x.*, map_distingushed_by: {host: service}'),
    { at: 'triggers.yaml:4:59', severity: 'warning', code: 'spelling' },
    'is the old spelling of map_distinguished_by',
  ],
  [
    'a fire criterion that the match criteria keep out',
    TRIGGERS.replace('event_type: x.end', 'event_type: y.end'),
    { at: 'triggers.yaml:5:19', severity: 'warning', code: 'never-fires' },
    'the trigger can never fire: its match_criteria let no y.end in',
  ],
  [
    'a name that stands twice',
    TRIGGERS + TRIGGERS.replace('\n', ''),
    { at: 'triggers.yaml:8:9', severity: 'error' },
    '"one"',
  ],
  [
    'an unknown variable of the expiration',
    TRIGGERS.replace('$last', '$lats'),
    { at: 'triggers.yaml:6:15', severity: 'error', code: 'unknown-name' },
    '$lats',
  ],
  [
    'a comparison that is none',
    TRIGGERS.replace('event_type: x.end', 'event_type: x.end, traits: {host: {int: "> many"}}'),
    { at: 'triggers.yaml:5:61', severity: 'error', code: 'comparison' },
    'many',
  ],
  [
    'a key that stands twice',
    `${TRIGGERS}  fire_pipeline: go\n`,
    { at: 'triggers.yaml:8:3', severity: 'warning', code: 'repeated-key' },
    'fire_pipeline: stands here again; only the last one counts',
  ],
])('check tells %s', async (_, triggers, expected, message) => {
  const findings = await findingsOf({ 'triggers.yaml': triggers })
  expect(findings).toEqual([
    expect.objectContaining({ ...expected, message: expect.stringContaining(message) }),
  ])
})

test('check tells unknown handlers and plugins, and modules that cannot be loaded', async () => {
  const findings = await findingsOf({
    'pipelines.yaml': 'go: [logge, own]\n',
    'events.yaml': '- event_type: x.*\n  traits: {host: {fields: payload.host, plugin: splt}}\n',
    'winchester.yaml': `${SOUND_FILES['winchester.yaml']}pipeline_handlers: {own: "./nosuch.mjs:Own"}\n`,
  })
  expect(findings.map(({ at }) => at).sort()).toEqual([
    'events.yaml:2:49',
    'pipelines.yaml:1:13',
    'pipelines.yaml:1:6',
  ])
  expect(findings.every(({ severity }) => severity === 'error')).toBe(true)
})

test.each(['{int: abc}', '{int: ""}', '{int: ">"}', '{int: "5 > 3"}', '{int: "5.0"}', '{float: "> x"}'])(
  'the criterion %s is refused',
  async (criterion) => {
    const triggers = TRIGGERS.replace('event_type: x.end', `event_type: x.end, traits: {host: ${criterion}}`)
    expect(await findingsOf({ 'triggers.yaml': triggers })).toMatchObject([
      { severity: 'error', code: 'comparison' },
    ])
  },
)

test.each([
  ['no distinguished_by', TRIGGERS.replace('  distinguished_by: [host]\n', '')],
  ['a pipeline that is null', `${TRIGGERS}  expire_pipeline: null\n`],
  ['a pipeline without a name', `${TRIGGERS}  expire_pipeline: ""\n`],
])('a trigger may have %s', async (_, triggers) => {
  expect(await findingsOf({ 'triggers.yaml': triggers })).toEqual([])
})

test('a trigger needs a pipeline with a name', async () => {
  const triggers = TRIGGERS.replace('fire_pipeline: go', 'fire_pipeline: ""')
  expect(await findingsOf({ 'triggers.yaml': triggers })).toMatchObject([
    { severity: 'error', message: expect.stringContaining('needs a fire_pipeline') },
  ])
})

test('a trait that has the name of what every event has is warned of', async () => {
  const definitions = '- event_type: x.*\n  traits: {host: {fields: a}, timestamp: {fields: payload.ts}}\n'
  expect(await findingsOf({ 'events.yaml': definitions })).toMatchObject([
    { at: 'events.yaml:2:42', severity: 'warning', code: 'envelope' },
  ])
})
