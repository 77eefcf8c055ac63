import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { lockFolder } from '../../../src/assembly/lock-folder.ts'
import { temporaryFolder } from '../../support/folders.ts'

const MODULE = resolve(import.meta.dirname, '../../../src/assembly/lock-folder.ts')

/** Locks a folder in a process of its own. Returns what it prints. */
function lockElsewhere(folder: string): string {
  const code = `import { lockFolder } from ${JSON.stringify(MODULE)}
    try { lockFolder(${JSON.stringify(folder)}); console.log('locked') } catch (error) { console.log(error.message) }`
  return spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' }).stdout
}

test('a data folder belongs to one process at a time', () => {
  const folder = temporaryFolder()
  const lock = lockFolder(folder)
  expect(lockElsewhere(folder)).toBe(
    `${folder} is the data folder of another stv3 up; choose one with --data\n`,
  )
  lock.release()
  expect(lockElsewhere(folder)).toBe('locked\n')
})
