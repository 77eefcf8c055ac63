import { spawnSync } from 'node:child_process'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { folderWith } from '../../support/folders.ts'

const STV3 = resolve(import.meta.dirname, '../../../src/cli/stv3.ts')

const CONFIG = {
  'winchester.yaml':
    'database: {url: "sqlite:db"}\ndistiller_config: definitions.yaml\ntrigger_definitions: triggers.yaml\npipeline_config: pipelines.yaml\n',
  'pipelines.yaml': 'go: [logger]\n',
  'definitions.yaml': `- event_type: '*'
  traits:
    auth_token: {fields: payload.context.id}
    opening: {fields: payload.password}
    url: {fields: payload.url}
    host: {fields: payload.host}
`,
  'triggers.yaml':
    '- {name: t, distinguished_by: [auth_token, host], match_criteria: [{event_type: "*"}], fire_criteria: [{event_type: z}], expiration: $last + 1h, fire_pipeline: go}\n',
}

const PAYLOAD = {
  context: { id: 's3cr3t' },
  password: 's3cr3t',
  url: 'mysql://nova:s3cr3t@db/nova',
  host: 'c1\u001b]0;x\u0007',
}
const NOTIFICATION = {
  event_type: 'x\u001b[2J\u009b1m\u202e\n  trigger t: joins',
  message_id: 'm\u0007',
  timestamp: '2026-11-30T00:00:00',
  payload: PAYLOAD,
}

function explain(...options: string[]): string {
  const folder = folderWith({ ...CONFIG, 'n.json': JSON.stringify(NOTIFICATION) })
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [STV3, 'explain', '-c', join(folder, 'winchester.yaml'), join(folder, 'n.json'), ...options],
    { encoding: 'utf8' },
  )
  expect(stderr).not.toMatch(/s3cr3t|cannot/)
  return stdout
}

test('explain shows no secrets and nothing that a terminal would carry out', () => {
  const shown = explain()
  expect(shown).not.toContain('s3cr3t')
  expect(shown).not.toMatch(/(?!\n)[\p{Cc}\p{Bidi_Control}]/u)
  expect(shown).toContain('mysql://nova:***@db/nova')
  expect(shown.split('\n')[0]).toContain('x\\u001b[2J\\u009b1m\\u202e\\n  trigger t: joins')
  expect(shown).toContain('"auth_token":"***"')
})

test('explain --json is JSON of the same, without secrets', () => {
  const shown = explain('--json')
  expect(shown).not.toMatch(/s3cr3t|(?!\n)[\p{Cc}\p{Bidi_Control}]/u)
  expect(JSON.parse(shown)).toMatchObject({
    event_type: NOTIFICATION.event_type,
    traits: { auth_token: { value: '***' }, opening: { value: '***' }, host: { value: PAYLOAD.host } },
    triggers: [{ key: { auth_token: '***', host: PAYLOAD.host } }],
  })
})
