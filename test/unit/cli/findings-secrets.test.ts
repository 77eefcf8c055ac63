import { join } from 'node:path'
import { expect, test } from 'vitest'
import { SOUND_FILES } from '../../support/config-findings.ts'
import { folderWith } from '../../support/folders.ts'
import { runInProcess } from '../../support/run-in-process.ts'

const WINCHESTER = `${SOUND_FILES['winchester.yaml']}log_level: amqp://u:S3cret@h\nstatistics_period: "password=S3cret"\n`

test.each([[[]], [['--json']]])('check masks the values it has found: %j', async (options) => {
  const yagi =
    '[rabbit_broker]\nurl = memory:\nprefetch = password=S3cret\n[consumers]\nqueues = q\n[consumer:q]\napps = NullHandler\n'
  const folder = folderWith({ ...SOUND_FILES, 'winchester.yaml': WINCHESTER, 'yagi.conf': yagi })
  for (const [file, found] of [
    ['winchester.yaml', 'amqp://u:***@h'],
    ['yagi.conf', 'password=***'],
  ] as const) {
    const { code, stdout, stderr } = await runInProcess('stv3', [
      'check',
      '-c',
      join(folder, file),
      ...options,
    ])
    expect(code).not.toBe(0)
    expect(stdout + stderr).not.toContain('S3cret')
    expect(stdout).toContain(found)
    if (options.length > 0) for (const line of stdout.trim().split('\n')) JSON.parse(line)
  }
})

test.each(['check', 'db status'])(
  'the form of an address that %s expects is shown whole',
  async (command) => {
    const folder = folderWith({ ...SOUND_FILES, 'winchester.yaml': 'database: {url: "mysql://a b"}\n' })
    const { stdout, stderr } = await runInProcess('stv3', [
      ...command.split(' '),
      '-c',
      join(folder, 'winchester.yaml'),
    ])
    expect(stdout + stderr).toContain('expected mysql://USER:PASSWORD@HOST[:PORT]/NAME')
  },
)
