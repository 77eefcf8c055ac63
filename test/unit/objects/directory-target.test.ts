import { mkdirSync, readdirSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { digestOf } from '../../../src/objects/digest.ts'
import { openDirectoryTarget } from '../../../src/objects/directory/directory-target.ts'
import type { ObjectTarget } from '../../../src/objects/target.ts'
import { temporaryFolder } from '../../support/folders.ts'
import { pieces, testTarget } from '../../support/ship/target-contract.ts'

const ALPHA = Buffer.from('alpha\n')

async function opened(folder = temporaryFolder()): Promise<ObjectTarget> {
  const target = await openDirectoryTarget(folder)
  onTestFinished(() => target.close())
  return target
}

async function put(target: ObjectTarget, key: string): Promise<string> {
  return target.create(key, pieces(ALPHA), await digestOf(pieces(ALPHA)))
}

testTarget(() => opened())

test('files are for their owner only, and nothing is left beside them', async () => {
  const folder = temporaryFolder()
  await put(await opened(folder), '/a/b/c')
  expect(statSync(join(folder, 'a/b/c')).mode & 0o777).toBe(0o600)
  expect(statSync(join(folder, 'a/b')).mode & 0o777).toBe(0o700)
  expect(readdirSync(join(folder, '.stv3-partial'))).toEqual([])
})

test('no link below the folder is followed', async () => {
  const [folder, other] = [temporaryFolder(), temporaryFolder()]
  symlinkSync(other, join(folder, 'a'))
  symlinkSync(join(other, 'file'), join(folder, 'k'))
  const target = await opened(folder)
  await expect(put(target, 'a/x')).rejects.toThrow()
  expect(await put(target, 'k')).toBe('exists')
  await expect(target.verify('k', await digestOf(pieces(ALPHA)))).rejects.toThrow()
  expect(readdirSync(other)).toEqual([])
})

test('parts that an ended process has left are removed after a day', async () => {
  const folder = temporaryFolder()
  const partial = join(folder, '.stv3-partial')
  mkdirSync(partial)
  for (const name of ['old', 'new']) writeFileSync(join(partial, name), 'x')
  utimesSync(join(partial, 'old'), 1, 1)
  await put(await opened(folder), 'k')
  expect(readdirSync(partial)).toEqual(['new'])
})

test('a folder that is missing is no target', async () => {
  await expect(openDirectoryTarget(join(temporaryFolder(), 'missing'))).rejects.toThrow('ENOENT')
})
