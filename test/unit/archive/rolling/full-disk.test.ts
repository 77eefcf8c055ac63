import { execFileSync, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { readRecords } from '../../../../src/archive/reader/read-records.ts'
import { openRollingArchive } from '../../../../src/archive/rolling/rolling-archive.ts'
import { silentLogger } from '../../../../src/runtime/logger.ts'
import { temporaryFolder } from '../../../support/folders.ts'
import { records } from '../../../support/records.ts'

/** Mounts a file system in memory of so many megabytes. Returns false where this user may not. */
function mount(folder: string, megabytes: number): boolean {
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'none', folder]).status !== 0)
    return false
  onTestFinished(() => void execFileSync('umount', [folder]))
  return true
}

/** A message of a megabyte that cannot be packed much. */
const large = (id: string) => JSON.stringify({ id, text: randomBytes(750_000).toString('base64') })

async function idsIn(folder: string): Promise<string[]> {
  const ids: string[] = []
  for (const name of readdirSync(folder).filter((one) => !one.startsWith('.')))
    for await (const some of readRecords(join(folder, name)))
      for (const { payload } of some) ids.push(JSON.parse(String(payload)).id)
  return ids.sort()
}

test('on a full disk nothing is packed and nothing is kept by half; with room again all goes on', async (context) => {
  const folder = temporaryFolder()
  if (!mount(folder, 8)) return context.skip('no small disk can be mounted here')
  const archive = await openRollingArchive({
    workingDirectory: join(folder, 'working'),
    destinationFolder: join(folder, 'done'),
    filenameTemplate: 'n_%f_[[CRC]].json',
    rollBytes: 1,
    rollMinutes: 0,
    compression: 'gzip',
    hasIndex: true,
    logger: silentLogger,
  })
  await archive.append(records(large('a')))
  const { bavail, bsize } = statfsSync(folder)
  const filler = join(folder, 'filler')
  writeFileSync(filler, Buffer.alloc(bavail * bsize - 100_000))
  for (let tries = 0; tries < 2; tries++)
    await expect(archive.append(records(large('b')))).rejects.toMatchObject({ code: 'transient' })
  expect(readdirSync(join(folder, 'done'))).toEqual([])
  rmSync(filler)
  await archive.append(records(large('b')))
  await archive.append(records(large('c')))
  await archive.close()
  expect(await idsIn(join(folder, 'done'))).toEqual(['a', 'b', 'c'])
  expect(readdirSync(join(folder, 'working'))).toEqual([])
})

test('a large file that its process cannot pack on a full disk is packed when there is room', async (context) => {
  const folder = temporaryFolder()
  if (!mount(folder, 14)) return context.skip('no small disk can be mounted here')
  const warnings: string[] = []
  const logger = { ...silentLogger, warn: (_: object, message: string) => void warnings.push(message) }
  const open = () =>
    openRollingArchive({
      workingDirectory: join(folder, 'working'),
      destinationFolder: join(folder, 'done'),
      filenameTemplate: 'n_%f_[[CRC]].json',
      rollBytes: 5 << 20,
      rollMinutes: 0,
      compression: 'gzip',
      hasIndex: true,
      logger,
    })
  const archive = await open()
  for (const id of ['a', 'b', 'c', 'd', 'e', 'f']) await archive.append(records(large(id)))
  const { bavail, bsize } = statfsSync(folder)
  const filler = join(folder, 'filler')
  writeFileSync(filler, Buffer.alloc(bavail * bsize - 100_000))
  await archive.close()
  expect(warnings.some((text) => /^cannot pack .* yet: .*ENOSPC/.test(text))).toBe(true)
  expect(readdirSync(join(folder, 'done')).filter((name) => !name.startsWith('.'))).toEqual([])
  rmSync(filler)
  await (await open()).close()
  expect(await idsIn(join(folder, 'done'))).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
  expect(readdirSync(join(folder, 'working'))).toEqual([])
})
