import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { Finisher } from '../../../../src/archive/rolling/finisher.ts'
import { madePath } from '../../../../src/archive/rolling/owner.ts'
import { silentLogger } from '../../../../src/runtime/logger.ts'
import { temporaryFolder } from '../../../support/folders.ts'

test('a packed file that somebody has deleted is packed again, and its content is not lost', async () => {
  const folder = temporaryFolder()
  const [working, done] = ['working', 'done'].map((name) => join(folder, name)) as [string, string]
  for (const one of [working, done]) mkdirSync(one)
  const path = join(working, 'n.json.part')
  writeFileSync(path, '{"a":1}\n')
  const options = { destinationFolder: done, hasIndex: false, callbacks: [], logger: silentLogger }
  const finisher = new Finisher({ ...options, compression: 'gzip', notesShipped: false }, () => {})
  finisher.add({ path, name: 'n.json' })
  await finisher.packAll()
  rmSync(madePath(path, 'packing'))
  await finisher.moveAll()
  await finisher.packAll()
  await finisher.moveAll()
  expect(readdirSync(working)).toEqual([])
  expect(String(gunzipSync(readFileSync(join(done, 'n.json.gz'))))).toBe('{"a":1}\n')
})
