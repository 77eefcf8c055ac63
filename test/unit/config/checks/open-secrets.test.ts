import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checkConfig } from '../../../../src/config/load/load-config.ts'
import { SOUND_FILES } from '../../../support/config-findings.ts'
import { folderWith } from '../../../support/folders.ts'

async function findingsWith(password: string, mode: number) {
  const pipelines = `go:\n- logger\n- {name: notabene, params: {exchange: e, queue_name: q, password: ${password}}}\n`
  const folder = folderWith({ ...SOUND_FILES, 'pipelines.yaml': pipelines })
  chmodSync(join(folder, 'pipelines.yaml'), mode)
  const { findings } = await checkConfig(join(folder, 'winchester.yaml'), { PASSWORD: 'p' })
  return findings
}

test('a secret in a file that others can read is a finding, with its place and without the secret', async () => {
  const findings = await findingsWith('s3cr3t', 0o644)
  expect(findings).toMatchObject([
    {
      severity: 'error',
      code: 'open-secret',
      path: 'go.1.params.password',
      position: { line: 3, column: 67 },
    },
  ])
  expect(JSON.stringify(findings)).not.toContain('s3cr3t')
})

test.each([
  ['s3cr3t', 0o600],
  ['"${PASSWORD}"', 0o644],
])('%j in a file of mode %o is none', async (password, mode) => {
  expect(await findingsWith(password, mode)).toEqual([])
})

test('headers and URLs may hold secrets too', async () => {
  const params = "{url: 'http://me:s3cr3t@host/', headers: {Authorization: Bearer s3cr3t, X-Of: us}}"
  const folder = folderWith({
    ...SOUND_FILES,
    'pipelines.yaml': `go: [{name: webhook, params: ${params}}]\n`,
  })
  chmodSync(join(folder, 'pipelines.yaml'), 0o644)
  const { findings, config } = await checkConfig(join(folder, 'winchester.yaml'), {})
  expect(findings.map(({ path }) => path)).toEqual(['go.0.params.url', 'go.0.params.headers.Authorization'])
  // It keeps no daemon from running: old deployments have them.
  expect(config).toBeDefined()
})
