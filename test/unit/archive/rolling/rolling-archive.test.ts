import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import {
  openRollingArchive,
  type RollingArchiveOptions,
} from '../../../../src/archive/rolling/rolling-archive.ts'
import { silentLogger } from '../../../../src/runtime/logger.ts'
import { temporaryFolder } from '../../../support/folders.ts'
import { records } from '../../../support/records.ts'

function optionsIn(folder: string, more: Partial<RollingArchiveOptions> = {}): RollingArchiveOptions {
  return {
    workingDirectory: join(folder, 'working'),
    destinationFolder: join(folder, 'done'),
    filenameTemplate: 'n_%Y_%m_%d_%f.json',
    rollBytes: 1_000_000,
    rollMinutes: 60,
    logger: silentLogger,
    ...more,
  }
}

function contents(folder: string, name: 'working' | 'done'): string[] {
  return readdirSync(join(folder, name))
    .filter((file) => !file.endsWith('.lock'))
    .sort()
    .map((file) => readFileSync(join(folder, name, file), 'utf8'))
}

test('what was appended is on disk before append resolves', async () => {
  const folder = temporaryFolder()
  const archive = await openRollingArchive(optionsIn(folder))
  await archive.append(records('{"a":1}', '{"b":2}'))
  expect(contents(folder, 'working')).toEqual(['{"a":1}\n{"b":2}\n'])
  await archive.append(records('{"c":3}'))
  await archive.close()
  expect(contents(folder, 'done')).toEqual(['{"a":1}\n{"b":2}\n{"c":3}\n'])
  expect(contents(folder, 'working')).toEqual([])
})

test('files and folders are readable by their owner only', async () => {
  const folder = temporaryFolder()
  const archive = await openRollingArchive(optionsIn(folder))
  await archive.append(records('x'))
  await archive.close()
  const [file] = readdirSync(join(folder, 'done'))
  expect(statSync(join(folder, 'done', file as string)).mode & 0o777).toBe(0o600)
  expect(statSync(join(folder, 'done')).mode & 0o777).toBe(0o700)
})

test('a new file begins at the size and at the age that are set', async () => {
  const folder = temporaryFolder()
  let now = Date.parse('2026-01-01T00:00:00Z')
  const archive = await openRollingArchive(optionsIn(folder, { rollBytes: 10, now: () => now }))
  await archive.append(records('12345678901'))
  await archive.append(records('a'))
  expect(contents(folder, 'done')).toEqual(['12345678901\n'])
  now += 61 * 60_000
  await archive.append(records('b'))
  expect(contents(folder, 'done')).toHaveLength(2)
  await archive.close()
  expect(contents(folder, 'done').sort()).toEqual(['12345678901\n', 'a\n', 'b\n'])
})

test('a file is never written over', async () => {
  const folder = temporaryFolder()
  const options = optionsIn(folder, { filenameTemplate: 'same.json', rollBytes: 1 })
  const archive = await openRollingArchive(options)
  for (const line of ['1', '2', '3']) await archive.append(records(line))
  await archive.close()
  expect(contents(folder, 'done').sort()).toEqual(['1\n', '2\n', '3\n'])
})

test('nothing appended leaves no file', async () => {
  const folder = temporaryFolder()
  const archive = await openRollingArchive(optionsIn(folder))
  await archive.append(records())
  await archive.close()
  expect(contents(folder, 'done')).toEqual([])
})

test('the torn line of what a dead process left is cut off', async () => {
  const folder = temporaryFolder()
  const working = join(folder, 'working')
  mkdirSync(working, { recursive: true })
  const left = (name: string, digit: string, text: string) => {
    const owner = `${digit.repeat(24)}@${hostname()}`
    writeFileSync(join(working, `.${owner}.lock`), '')
    writeFileSync(join(working, `${name}.${owner}.01234567.part`), text)
  }
  left('a.json', 'a', `${'x'.repeat(100_000)}\n{"b":2}\n{"torn":`)
  left('b.json', 'b', '{"only torn"')
  const archive = await openRollingArchive(optionsIn(folder))
  await archive.close()
  expect(contents(folder, 'done')).toEqual([`${'x'.repeat(100_000)}\n{"b":2}\n`])
  expect(readdirSync(working)).toEqual([])
})

test('an append that fails leaves nothing of itself and touches nothing before it', async () => {
  const folder = temporaryFolder()
  const probe = await open(join(folder, 'probe'), 'w')
  const datasync = vi.spyOn(Object.getPrototypeOf(probe), 'datasync')
  await probe.close()
  const archive = await openRollingArchive(optionsIn(folder))
  await archive.append(records('1'))
  for (const line of ['2', '3']) {
    datasync.mockRejectedValueOnce(new Error('no space left on device'))
    await expect(archive.append(records(`lost ${line}`))).rejects.toMatchObject({ code: 'transient' })
    await archive.append(records(line))
  }
  await archive.close()
  datasync.mockRestore()
  expect(contents(folder, 'done').sort()).toEqual(['1\n', '2\n', '3\n'])
})

test('the checksum of the content goes into the name', async () => {
  const folder = temporaryFolder()
  const archive = await openRollingArchive(optionsIn(folder, { filenameTemplate: 'n_[[CRC]].json' }))
  await archive.append(records('x'))
  await archive.close()
  expect(readdirSync(join(folder, 'done'))).toEqual([
    'n_73cb3858a687a8494ca3323053016282f3dad39d42cf62ca4e79dda2aac7d9ac.json',
  ])
})

test('a folder that cannot be made is one clear sentence', async () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'file'), '')
  const options = optionsIn(folder, { workingDirectory: join(folder, 'file', 'below') })
  await expect(openRollingArchive(options)).rejects.toThrow(/^cannot keep the archive in /)
})
