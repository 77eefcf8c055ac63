import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openDatabase, openStore } from '../../../src/assembly/open-store.ts'
import { loadConfig } from '../../../src/config/load/load-config.ts'
import { SOUND_FILES } from '../../support/config-findings.ts'
import { folderWith } from '../../support/folders.ts'

test('a database that is not there is not created by those who read or write', async () => {
  const yaml = SOUND_FILES['winchester.yaml'].replace('"sqlite::memory:"', 'sqlite:new/x.db')
  const folder = folderWith({ ...SOUND_FILES, 'winchester.yaml': yaml })
  const config = await loadConfig(join(folder, 'winchester.yaml'), {})
  const path = join(folder, 'new/x.db')
  const told = `the database ${path} does not exist yet; \`stv3 db upgrade -c FILE\` creates it`
  await expect(openStore(config)).rejects.toThrow(told)
  await expect(openDatabase('sqlite:new/x.db', folder, { mayCreate: false })).rejects.toThrow(told)
  expect(existsSync(join(folder, 'new'))).toBe(false)
  const database = await openDatabase('sqlite:new/x.db', folder)
  await database.db.destroy()
  expect(existsSync(path)).toBe(true)
})
