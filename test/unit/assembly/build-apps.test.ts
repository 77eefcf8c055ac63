import { join } from 'node:path'
import { expect, test } from 'vitest'
import { appServices, buildApps } from '../../../src/assembly/build-apps.ts'
import { loadWholeConfig } from '../../../src/config/load/load-config.ts'
import { silentLogger } from '../../../src/runtime/logger.ts'
import { SOUND_FILES } from '../../support/config-findings.ts'
import { folderWith } from '../../support/folders.ts'

test.each([
  ['a module that is not there', './missing.mjs:Own', 'the module cannot be loaded'],
  ['a class that throws when it is made', './own.mjs:Own', 'no address was given'],
])('%s is an error with its place in yagi.conf', async (_, app, message) => {
  const folder = folderWith({
    ...SOUND_FILES,
    'own.mjs':
      'export class Own { constructor() { throw new Error("no address was given") } handleMessages() {} }\n',
    'yagi.conf': `[winchester]\nconfig_file = winchester.yaml\n[consumers]\nqueues = q\n[consumer:q]\napps = ${app}\n`,
  })
  const file = join(folder, 'yagi.conf')
  const config = await loadWholeConfig(file, {})
  const [queue] = config.yagi?.queues ?? []
  if (!queue) throw new Error('the configuration has no queue')
  const error: unknown = await buildApps(queue, appServices(config, silentLogger)).catch((e: unknown) => e)
  expect(error).toMatchObject({ code: 'config', findings: [{ position: { file, line: 6, column: 8 } }] })
  expect(String(error)).toContain(message)
})
