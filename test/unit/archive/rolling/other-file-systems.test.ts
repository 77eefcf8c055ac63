import { readdirSync, readFileSync } from 'node:fs'
import * as fs from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { openRollingArchive } from '../../../../src/archive/rolling/rolling-archive.ts'
import { silentLogger } from '../../../../src/runtime/logger.ts'
import { temporaryFolder } from '../../../support/folders.ts'
import { records } from '../../../support/records.ts'

// What a machine of its own has no folder for: links that are refused, and a copy that fails half way.
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof fs>()
  return { ...real, link: vi.fn(real.link), copyFile: vi.fn(real.copyFile) }
})

afterEach(() => {
  vi.mocked(fs.link).mockReset()
  vi.mocked(fs.copyFile).mockReset()
})

function refuse(code: string): Promise<never> {
  return Promise.reject(Object.assign(new Error(code), { code }))
}

/** Links that are refused where this says so. */
async function refuseLinks(code: string, isRefused: (from: string) => boolean): Promise<void> {
  const real = await vi.importActual<typeof fs>('node:fs/promises')
  vi.mocked(fs.link).mockImplementation((from, to) =>
    isRefused(String(from)) ? refuse(code) : real.link(from, to),
  )
  vi.mocked(fs.copyFile).mockImplementation(real.copyFile)
}

async function openIn(folder: string) {
  return openRollingArchive({
    workingDirectory: join(folder, 'working'),
    destinationFolder: join(folder, 'done'),
    filenameTemplate: 'same.json',
    rollBytes: 1,
    rollMinutes: 0,
    logger: silentLogger,
  })
}

function done(folder: string): { [name: string]: string } {
  const names = readdirSync(join(folder, 'done')).sort()
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, 'done', name), 'utf8')]))
}

test.each([
  ['on another file system', 'EXDEV', (from: string) => from.includes('/working/')],
  ['on a file system without links', 'EPERM', () => true],
])('finished files are moved to a folder %s, never over another', async (_, code, isRefused) => {
  await refuseLinks(code, isRefused)
  const folder = temporaryFolder()
  const archive = await openIn(folder)
  for (const line of ['1', '2', '3']) await archive.append(records(line))
  await archive.close()
  expect(done(folder)).toEqual({ 'same.json': '1\n', 'same.json.1': '2\n', 'same.json.2': '3\n' })
  expect(readdirSync(join(folder, 'working'))).toEqual([])
})

test('a copy that fails leaves nothing behind and is made the next time', async () => {
  await refuseLinks('EXDEV', (from) => from.includes('/working/'))
  vi.mocked(fs.copyFile).mockImplementationOnce(async (_, to) => {
    await fs.writeFile(to, 'half')
    return refuse('ENOSPC')
  })
  const folder = temporaryFolder()
  const archive = await openIn(folder)
  await archive.append(records('1'))
  await archive.append(records('2'))
  expect(done(folder)).toEqual({})
  await archive.close()
  expect(done(folder)).toEqual({ 'same.json': '1\n', 'same.json.1': '2\n' })
})
