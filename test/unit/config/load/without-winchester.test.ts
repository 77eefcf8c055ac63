import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checkConfig, loadConfig, loadWholeConfig } from '../../../../src/config/load/load-config.ts'
import { describeWithoutWinchester } from '../../../../src/config/load/without-winchester.ts'
import { folderWith } from '../../../support/folders.ts'

const SHOEBOX = 'yagi.handler.shoebox_handler.ShoeboxHandler'
const ATOMPUB = 'yagi.handler.atompub_handler.AtomPub'
const FEED = '[atompub]\nurl = http://127.0.0.1:9000/feed\n'
const ARCHIVE = '[shoebox]\nworking_directory = archive\n'

/** Writes a yagi.conf of one queue with these apps and sections. Returns the folder. */
function folderOf(apps: string, sections: string): string {
  const text = `[consumers]\nqueues = q\n[consumer:q]\napps = ${apps}\n${sections}`
  return folderWith({ 'yagi.conf': text })
}

test.each([
  ['an archive alone', SHOEBOX, ARCHIVE, 'archive/dead-letters.sqlite'],
  ['an AtomPub feed alone', ATOMPUB, FEED, 'dead-letters.sqlite'],
  ['both', `${SHOEBOX}, ${ATOMPUB}`, `${ARCHIVE}${FEED}`, 'archive/dead-letters.sqlite'],
  ['a named file', SHOEBOX, `${ARCHIVE}[global]\ndead_letters = kept/letters.db\n`, 'kept/letters.db'],
])('%s needs no winchester.yaml', async (_, apps, sections, file) => {
  const folder = folderOf(apps, sections)
  const { findings, config } = await checkConfig(join(folder, 'yagi.conf'), {})
  expect(findings).toEqual([])
  expect(config).toMatchObject({ hasWinchester: false, definitions: [], triggers: [], pipelines: {} })
  expect(config?.winchester.database.url).toBe(`sqlite:${join(folder, file)}`)
  expect(config && describeWithoutWinchester(config)).toContain(join(folder, file))
})

test.each([
  ['winchester.yagi_handler.WinchesterHandler', '', /WinchesterHandler needs the database/],
  [
    'yagi.handler.elasticsearch_handler.ElasticsearchHandler',
    '[elasticsearch]\nelasticsearch_host = h:9200\n',
    /ElasticsearchHandler needs the distiller_config, or the event definitions of a winchester.yaml/,
  ],
])('%s needs one', async (apps, sections, message) => {
  const { findings, config } = await checkConfig(join(folderOf(apps, sections), 'yagi.conf'), {})
  expect(findings).toMatchObject([{ severity: 'error', message: expect.stringMatching(message) }])
  expect(findings[0]?.position).toMatchObject({ line: 4 })
  expect(config).toBeUndefined()
})

test('what needs events or pipelines says so', async () => {
  const file = join(folderOf(SHOEBOX, ARCHIVE), 'yagi.conf')
  expect((await loadConfig(file, {})).yagi?.queues).toHaveLength(1)
  await expect(loadWholeConfig(file, {})).rejects.toThrow(
    'names no winchester.yaml: expected config_file in a section [winchester]',
  )
})
