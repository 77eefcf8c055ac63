import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { indexPath } from '../../src/archive/file-index/file-index.ts'
import { indexFile, writeIndex } from '../../src/archive/packing/pack-file.ts'
import { apiSettings } from '../../src/assembly/api-settings.ts'
import { loadWholeConfig } from '../../src/config/load/load-config.ts'
import { createSqlStore } from '../../src/store/sql-store.ts'
import { serveApi } from '../support/api.ts'
import { SOUND_FILES } from '../support/config-findings.ts'
import { DATABASES } from '../support/databases.ts'
import { folderWith } from '../support/folders.ts'
import { openApiCheck } from '../support/open-api.ts'

const NOTIFICATION = { event_type: 'order.made', message_id: 'a', timestamp: '2026-01-01T12:00:00' }

const YAGI = `[rabbit_broker]
url = memory:
[consumers]
queues = a.info, b.info
[consumer:a.info]
apps = yagi.handler.shoebox_handler.ShoeboxHandler, winchester.yagi_handler.WinchesterHandler
[consumer:b.info]
apps = yagi.handler.shoebox_handler.ShoeboxHandler, winchester.yagi_handler.WinchesterHandler
[winchester]
config_file = winchester.yaml
[shoebox]
working_directory = work
destination_folder = done
`

test('the files of the archive are listed as archive ls shows them, page by page', async () => {
  const folder = folderWith({ ...SOUND_FILES, 'yagi.conf': YAGI })
  mkdirSync(join(folder, 'done'))
  const text = `${JSON.stringify(NOTIFICATION)}\n`
  writeFileSync(join(folder, 'done/a.json'), text)
  writeFileSync(join(folder, 'done/b.json.gz'), gzipSync(text.repeat(3)))
  await writeIndex(indexPath(join(folder, 'done/b.json.gz')), await indexFile(join(folder, 'done/b.json.gz')))
  const config = await loadWholeConfig(join(folder, 'yagi.conf'), {})
  const store = await createSqlStore(await (DATABASES[0] as (typeof DATABASES)[0]).open(), {})
  const { listArchives } = await apiSettings(config, undefined, {})
  const url = await serveApi({ store, listArchives })
  const check = await openApiCheck(url)
  const get = async (query = '') => {
    const response = await fetch(`${url}/v1/archives${query}`)
    const body = await response.text()
    const type = response.headers.get('content-type')
    expect(check('GET', '/v1/archives', { status: response.status, type, text: body })).toBeUndefined()
    return JSON.parse(body)
  }
  const queues = ['a.info', 'b.info']
  expect(await get()).toEqual([
    {
      file: 'a.json',
      queues,
      form: 'lines',
      compression: 'none',
      bytes: text.length,
      from_index: false,
      being_written: false,
    },
    expect.objectContaining({
      ...{ file: 'b.json.gz', queues, compression: 'gzip', from_index: true, records: 3 },
      ...{ first: '2026-01-01T12:00:00', types: { 'order.made': 3 }, content_bytes: 3 * text.length },
    }),
  ])
  expect(await get('?limit=1')).toMatchObject([{ file: 'a.json' }])
  expect(await get('?after=a.json')).toMatchObject([{ file: 'b.json.gz' }])
  expect(await get('?after=b.json.gz')).toEqual([])
  const plain = await loadWholeConfig(join(folder, 'winchester.yaml'), {})
  const without = await serveApi({
    store,
    listArchives: (await apiSettings(plain, undefined, {})).listArchives,
  })
  const refused = await fetch(`${without}/v1/archives`)
  expect({ status: refused.status, ...((await refused.json()) as object) }).toMatchObject({
    status: 409,
    detail: expect.stringContaining('names no archive; expected a yagi.conf'),
  })
  await store.close()
})
