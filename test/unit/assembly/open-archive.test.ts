import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openArchive } from '../../../src/assembly/open-archive.ts'
import { checkConfig, loadConfig } from '../../../src/config/load/load-config.ts'
import { silentLogger } from '../../../src/runtime/logger.ts'
import { SOUND_FILES } from '../../support/config-findings.ts'
import { folderWith } from '../../support/folders.ts'
import { records } from '../../support/records.ts'

const APPS = 'yagi.handler.shoebox_handler.ShoeboxHandler, winchester.yagi_handler.WinchesterHandler'

const CALLBACK = `
import { renameSync } from 'node:fs'
export class Mine {
  constructor(values) { this.end = values.my_end }
  onClose(path) { renameSync(path, path + this.end); return path + this.end }
}
`

function filesWith(shoebox: string): string {
  const text = `[consumers]\nqueues = q\n[consumer:q]\napps = ${APPS}\n[winchester]\nconfig_file = winchester.yaml\n[shoebox]\nworking_directory = a\nfilename_template = n.json\n${shoebox}\n`
  const folder = folderWith({ ...SOUND_FILES, 'yagi.conf': text, 'mine.js': CALLBACK })
  writeFileSync(join(folder, 'package.json'), '{"type": "module"}')
  return folder
}

async function settingsOf(shoebox: string) {
  const folder = filesWith(shoebox)
  const { yagi } = await loadConfig(join(folder, 'yagi.conf'), {})
  const archive = yagi?.queues[0]?.archive
  if (!archive) throw new Error('there is no archive')
  return { folder, archive }
}

async function findingsOf(shoebox: string) {
  const { findings } = await checkConfig(
    join(filesWith(shoebox), 'yagi.conf'),
    {},
    { mode: 'check', checkHandlers: async () => [] },
  )
  return findings.map(({ severity, message }) => `${severity}: ${message}`)
}

test('an archive is written as the section says: form, envelope, callbacks in order, own ones too', async () => {
  const { folder, archive } = await settingsOf(
    [
      'roll_manager = shoebox.roll_manager:WritingRollManager',
      'callback = shoebox.handlers:CallbackList',
      'callback_list = shoebox.handlers:MoveFileCallback, shoebox.handlers:ChangeExtensionCallback, ./mine.js:Mine',
      'new_extension = .full',
      'my_end = .mine',
      'wrap_payload_with_region = True',
      'wrap_region = north',
      'index = False',
    ].join('\n'),
  )
  const open = await openArchive(archive, silentLogger)
  await open.append(records('{"a":1}'))
  await open.close()
  const done = join(folder, 'a', 'done')
  expect(readdirSync(done)).toEqual(['n.json.full.mine'])
  expect(readFileSync(join(done, 'n.json.full.mine'), 'latin1')).toContain(
    '{"region": "north", "cell": "n/a", "notification": {"a":1}}',
  )
})

test('complete files can be deleted', async () => {
  const { folder, archive } = await settingsOf('callback = shoebox.handlers:DeleteFileCallback')
  const open = await openArchive(archive, silentLogger)
  await open.append(records('{}'))
  await open.close()
  expect(readdirSync(join(folder, 'a', 'done'))).toEqual([])
})

test.each([
  ['', 'lines', 100 << 20, 60],
  ['roll_checker = shoebox.roll_checker:NeverRollChecker', 'lines', 100 << 20, 60],
  ['roll_manager = WritingRollManager', 'shoebox', 100 << 20, 60],
  [
    'roll_manager = WritingRollManager\nroll_checker = x:SizeRollChecker\nroll_size_mb = 2',
    'shoebox',
    2 << 20,
    0,
  ],
  [
    'roll_manager = WritingRollManager\nroll_checker = x:TimeRollChecker',
    'shoebox',
    Number.MAX_SAFE_INTEGER,
    60,
  ],
  [
    'roll_manager = WritingRollManager\nroll_checker = x:NeverRollChecker',
    'shoebox',
    Number.MAX_SAFE_INTEGER,
    0,
  ],
])('%j rolls files of %s at %d bytes and %d minutes', async (text, form, rollBytes, rollMinutes) => {
  expect((await settingsOf(text)).archive).toMatchObject({ form, rollBytes, rollMinutes })
})

test.each([
  ['roll_manager = x:Other', 'error: roll_manager: there is no x:Other; known are'],
  ['roll_checker = x:Other', 'error: roll_checker: there is no x:Other; known are'],
  ['compression = lzma', 'error: compression: expected none, gzip, zstd, found lzma'],
  ['callback = x:Other', 'error: callback: there is no callback x:Other; known are'],
  ['callback = x:CallbackList', 'error: callback_list: CallbackList needs one callback at least'],
  ['callback = ./none.js:None', 'error: ./none.js:None: the module cannot be loaded'],
  ['callback = ./mine.js:Other', 'error: '],
  [
    'callback = shoebox.handlers:SwiftUploadCallback',
    'warning: callback: shoebox.handlers:SwiftUploadCallback is not available',
  ],
])('check tells of %j', async (text, finding) => {
  const findings = await findingsOf(text)
  expect(findings).toHaveLength(1)
  expect(findings[0]?.replace(/\/\S*\/(?=none|mine)/g, './')).toContain(finding)
})
