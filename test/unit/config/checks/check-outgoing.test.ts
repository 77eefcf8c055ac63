import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checkConfig } from '../../../../src/config/load/load-config.ts'
import { Authority } from '../../../support/certificates.ts'
import { SOUND_FILES } from '../../../support/config-findings.ts'
import { folderWith } from '../../../support/folders.ts'

const CHECK = { mode: 'check', checkHandlers: async () => [] } as const

async function findingsOf(
  outgoing: string,
  mode: typeof CHECK | { mode: 'load' } = CHECK,
  folder = folderWith(SOUND_FILES),
) {
  const file = join(folder, 'winchester.yaml')
  writeFileSync(file, `${SOUND_FILES['winchester.yaml']}\noutgoing: ${outgoing}\n`)
  const { findings } = await checkConfig(file, {}, mode)
  return findings.map(({ severity, message }) => `${severity}: ${message}`)
}

test.each([
  ['{proxy: "http://user:x@proxy:3128", no_proxy: [.test]}', /^$/],
  ['{proxy: none}', /^$/],
  ['{proxy: "socks://proxy"}', /proxy: expected http\(s\)/],
  ['{cert: a.pem}', /cert and key must be given together/],
  ['{ca: nosuch.pem}', /error: cannot read nosuch\.pem/],
  ['{ca: triggers.yaml}', /error: triggers\.yaml cannot be used for TLS/],
  ['{prox: x}', /prox.*did you mean "proxy"/],
])('outgoing: %s', async (outgoing, expected) => {
  expect((await findingsOf(outgoing)).join('\n')).toMatch(expected)
})

test('certificates are looked at when a configuration is checked, and a key that others can read is a warning', async () => {
  expect(await findingsOf('{ca: nosuch.pem}', { mode: 'load' })).toEqual([])
  const folder = folderWith(SOUND_FILES)
  const { cert, key } = new Authority(folder, 'ours').sign('client', 'DNS:client')
  chmodSync(key, 0o644)
  const findings = await findingsOf(`{cert: ${cert}, key: ${key}}`, CHECK, folder)
  expect(findings).toEqual([expect.stringMatching(/^warning: .*client\.key/)])
})
