import { join } from 'node:path'
import { expect, test } from 'vitest'
import { hashOf } from '../../../sandbox/supervisor/journal.ts'
import { archivedMessages, archiveFiles, messageOf } from '../../../sandbox/supervisor/read-archive.ts'
import { folderWith } from '../../support/folders.ts'

const ONE = '{"message_id":"one","event_type":"x"}'
const broken = '{"message_id":"two'
const base64 = Buffer.from(broken).toString('base64')

test.each([
  ['a message', ONE, { hash: hashOf(ONE), id: 'one' }],
  ['what is no JSON', `{"raw_base64":"${base64}"}`, { hash: hashOf(broken), id: undefined }],
  ['a list', `[${ONE}]`, { hash: hashOf(`[${ONE}]`), id: undefined }],
  ['a number as id', '{"message_id":1}', { hash: hashOf('{"message_id":1}'), id: undefined }],
  ['null', 'null', { hash: hashOf('null'), id: undefined }],
  ['a line that was cut off', '{"message_id":"th', undefined],
])('%s', (_, line, expected) => {
  expect(messageOf(line)).toEqual(expected)
})

test('files that are complete and that are being written are read', async () => {
  const folder = folderWith({
    'done/a.json': `${ONE}\n{"message_id":"two"}\n`,
    'b.json.owner': '{"message_id":"three"}\n{"messag',
    lock: '',
  })
  const files = await archiveFiles(folder)
  expect(files.toSorted()).toEqual([join(folder, 'b.json.owner'), join(folder, 'done/a.json')])
  const ids: (string | undefined)[] = []
  for (const file of files) for await (const { id } of archivedMessages(file)) ids.push(id)
  expect(ids.toSorted()).toEqual(['one', 'three', 'two'])
  expect(await archiveFiles(join(folder, 'nosuch'))).toEqual([])
})
