import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checkConfig } from '../../../src/config/load/load-config.ts'
import { SOUND_FILES } from '../../support/config-findings.ts'
import { folderWith } from '../../support/folders.ts'

function findingsWith(template: string) {
  const apps = 'yagi.handler.shoebox_handler.ShoeboxHandler, winchester.yagi_handler.WinchesterHandler'
  const text = `[consumers]\nqueues = q\n[consumer:q]\napps = ${apps}\n[shoebox]\nworking_directory = a\nfilename_template = ${template}\n[winchester]\nconfig_file = winchester.yaml\n`
  return checkConfig(join(folderWith({ ...SOUND_FILES, 'yagi.conf': text }), 'yagi.conf'), {})
}

test.each(['events_%Y_%m_%d_%X_%f.dat', 'n_[[TIMESTAMP]]_[[CRC]].json', 'x'.repeat(150)])(
  'the archive may be called %s',
  async (template) => {
    expect((await findingsWith(template)).findings).toEqual([])
  },
)

test.each([
  ['%Y/%m/n.json', /is the name of a file; folders are/],
  ['../n.json', /is the name of a file/],
  ['.n.json', /begin with a dot/],
  ['n_%H.json.part', /must not end as the names of files that are being written/],
  ['x'.repeat(240), /names of up to 240 bytes; 150 at most/],
  ['%f'.repeat(30), /names of up to 240 bytes/],
])('the archive may not be called %s', async (template, message) => {
  const { findings } = await findingsWith(template)
  expect(findings).toMatchObject([{ severity: 'error', message: expect.stringMatching(message) }])
  expect(findings[0]?.position).toMatchObject({ line: 7 })
})

test.each(['%x.json', 'n_%D', '%%Q%Q', '[[NOPE]]_%Y'])(
  'nothing fills a part of %s, which is a warning',
  async (template) => {
    const { findings } = await findingsWith(template)
    expect(findings).toMatchObject([
      {
        severity: 'warning',
        message: expect.stringContaining('stays as it is; parts that are filled are %Y %m'),
      },
    ])
  },
)
