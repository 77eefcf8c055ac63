import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checkConfig } from '../../../../src/config/load/load-config.ts'
import { SOUND_FILES } from '../../../support/config-problems.ts'
import { folderWith } from '../../../support/folders.ts'

async function problemsWith(password: string, mode: number) {
  const pipelines = `go:\n- logger\n- {name: notabene, params: {exchange: e, queue_name: q, password: ${password}}}\n`
  const folder = folderWith({ ...SOUND_FILES, 'pipelines.yaml': pipelines })
  chmodSync(join(folder, 'pipelines.yaml'), mode)
  const { problems } = await checkConfig(join(folder, 'winchester.yaml'), { PASSWORD: 'p' })
  return problems
}

test('a secret in a file that others can read is a finding, with its place and without the secret', async () => {
  const problems = await problemsWith('s3cr3t', 0o644)
  expect(problems).toMatchObject([
    {
      severity: 'warning',
      code: 'open-secret',
      path: 'go.1.params.password',
      position: { line: 3, column: 67 },
    },
  ])
  expect(JSON.stringify(problems)).not.toContain('s3cr3t')
})

test.each([
  ['s3cr3t', 0o600],
  ['"${PASSWORD}"', 0o644],
])('%j in a file of mode %o is none', async (password, mode) => {
  expect(await problemsWith(password, mode)).toEqual([])
})

test('headers and URLs may hold secrets too', async () => {
  const params = "{url: 'http://me:s3cr3t@host/', headers: {Authorization: Bearer s3cr3t, X-Of: us}}"
  const folder = folderWith({
    ...SOUND_FILES,
    'pipelines.yaml': `go: [{name: webhook, params: ${params}}]\n`,
  })
  chmodSync(join(folder, 'pipelines.yaml'), 0o644)
  const { problems, config } = await checkConfig(join(folder, 'winchester.yaml'), {})
  expect(problems.map(({ path }) => path)).toEqual(['go.0.params.url', 'go.0.params.headers.Authorization'])
  // It keeps no daemon from running: old deployments have them.
  expect(config).toBeDefined()
})

test('the password of the database and those of yagi.conf are found too, but not guest, which everyone knows', async () => {
  const winchester = String(SOUND_FILES['winchester.yaml']).replace(
    /url: .*/,
    'url: mysql://me:s3cr3t@host/name',
  )
  const section = (password: string) => `[rabbit_broker]\npassword = ${password}\n`
  const rest =
    '[winchester]\nconfig_file = winchester.yaml\n[consumers]\nqueues = q\n[consumer:q]\napps = yagi.handler.NullHandler\n'
  const folder = folderWith({
    ...SOUND_FILES,
    'winchester.yaml': winchester,
    'yagi.conf': section('s3cr3t') + rest,
    'guest.conf': section('guest') + rest,
    'environment.conf': section('${PASSWORD}') + rest,
  })
  for (const name of ['winchester.yaml', 'yagi.conf', 'guest.conf', 'environment.conf'])
    chmodSync(join(folder, name), 0o644)
  const found = async (name: string) => {
    const { problems } = await checkConfig(join(folder, name), { PASSWORD: 'p' })
    return problems.map(({ path, severity }) => `${severity} ${path}`)
  }
  const database = 'warning database.url'
  expect(await found('yagi.conf')).toEqual(['warning rabbit_broker.password', database])
  expect(await found('guest.conf')).toEqual([database])
  expect(await found('environment.conf')).toEqual([database])
  chmodSync(join(folder, 'winchester.yaml'), 0o600)
  expect(await found('guest.conf')).toEqual([])
})
