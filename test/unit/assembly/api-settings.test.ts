import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { apiSettings } from '../../../src/assembly/api-settings.ts'
import { checkConfig, loadConfig } from '../../../src/config/load/load-config.ts'
import { SOUND_FILES } from '../../support/config-findings.ts'
import { folderWith } from '../../support/folders.ts'

async function settingsOf(api: string, listen?: { host: string; port: number }, environment = {}) {
  const folder = folderWith({
    ...SOUND_FILES,
    'winchester.yaml': `${SOUND_FILES['winchester.yaml']}api: ${api}\n`,
    tokens: 'one\n\ntwo\n',
  })
  chmodSync(join(folder, 'tokens'), 0o600)
  const config = await loadConfig(join(folder, 'winchester.yaml'), { TOKEN: 'of-env', ...environment })
  return apiSettings(config, listen, environment)
}

test('without a word it serves this machine, without tokens', async () => {
  expect(await settingsOf('{}')).toEqual({
    listArchives: expect.any(Function),
    address: { host: '127.0.0.1', port: 8000 },
    access: { read: [], write: [], anyHost: false },
    limits: { queryTimeoutMs: 30_000, requestsPerMinute: 6000 },
    triggers: [expect.objectContaining({ name: 'one' })],
    searchedTraits: ['host'],
    criteria: new Map([
      ['one', { match: [expect.any(String)], fire: ['event_type: x.end'], expiration: '$last + 1h' }],
    ]),
    page: { filters: {} },
    findNotification: undefined,
  })
})

test('tokens come from the environment and from files of mode 600', async () => {
  const settings = await settingsOf(
    '{listen: "0.0.0.0:80", tokens: {read: "${TOKEN}", write_file: tokens}, limits: {query_timeout_s: 2.5}}',
    undefined,
    { STACKTACH_READ_TOKEN: 'direct' },
  )
  expect(settings).toMatchObject({
    address: { host: '0.0.0.0', port: 80 },
    access: { read: ['of-env', 'direct'], write: ['one', 'two'], anyHost: false },
    limits: { queryTimeoutMs: 2500, requestsPerMinute: 6000 },
  })
})

test.each(['0.0.0.0', '::', '192.0.2.1', 'db.example', '127.example'])(
  'serving %s needs a token, or the word that none is wanted',
  async (host) => {
    const elsewhere = { host, port: 1 }
    await expect(settingsOf('{}', elsewhere)).rejects.toThrow(`the API would serve everybody on ${host}`)
    await expect(settingsOf('{tokens: {read: " "}}', elsewhere)).rejects.toThrow('are blank')
    expect(await settingsOf('{insecure: true}', elsewhere)).toMatchObject({
      address: elsewhere,
      access: { anyHost: true },
    })
    expect(await settingsOf('{}', elsewhere, { STACKTACH_WRITE_TOKEN: 'w' })).toMatchObject({
      access: { read: [], write: ['w'] },
    })
  },
)

test('a file of tokens that others can read is not used', async () => {
  const folder = folderWith({
    ...SOUND_FILES,
    'winchester.yaml': `${SOUND_FILES['winchester.yaml']}api: {tokens: {read_file: tokens}}\n`,
    tokens: 's3cr3t',
  })
  chmodSync(join(folder, 'tokens'), 0o644)
  const config = await loadConfig(join(folder, 'winchester.yaml'), {})
  await expect(apiSettings(config, undefined, {})).rejects.toThrow('can be read by others; expected mode 600')
})

test('check finds tokens that stand in a file which others can read, and keys that are not known', async () => {
  const folder = folderWith({
    ...SOUND_FILES,
    'winchester.yaml': `${SOUND_FILES['winchester.yaml']}api: {tokens: {read: [s3cr3t], write: "\${W}"}, port: 1}\n`,
  })
  chmodSync(join(folder, 'winchester.yaml'), 0o644)
  const { findings } = await checkConfig(join(folder, 'winchester.yaml'), { W: 'w' })
  expect(findings.map(({ code, path }) => [code, path])).toEqual([
    ['unknown-key', 'api.port'],
    ['open-secret', 'api.tokens.read.0'],
  ])
  expect(JSON.stringify(findings)).not.toContain('s3cr3t')
})

test('a quincy.conf names the winchester.yaml', async () => {
  const folder = folderWith({
    ...SOUND_FILES,
    'quincy.conf':
      '[global]\nenabled_versions = 1\nv1_impl = quince.v1_impl:Impl\n[quince]\nwinchester_config = winchester.yaml\n',
    'bad.conf': '[quince]\nother = 1\n',
  })
  const config = await loadConfig(join(folder, 'quincy.conf'), {})
  expect(config.winchester.trigger_definitions).toBe('triggers.yaml')
  await expect(loadConfig(join(folder, 'bad.conf'), {})).rejects.toThrow('names no winchester.yaml')
})

test('tokens that are named and blank keep it from starting, also on this machine', async () => {
  await expect(settingsOf('{}', undefined, { STACKTACH_READ_TOKEN: '' })).rejects.toThrow('are blank')
  await expect(settingsOf('{tokens: {read: "${TOKEN:-}"}}', undefined, { TOKEN: '' })).rejects.toThrow(
    'are blank',
  )
})
