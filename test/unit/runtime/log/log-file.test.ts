import { appendFileSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { LogFile } from '../../../../src/runtime/log/log-file.ts'
import { temporaryFolder } from '../../../support/folders.ts'

function open(path: string): LogFile {
  const file = new LogFile(path, (_, error) => {
    throw error
  })
  onTestFinished(() => file.close())
  return file
}

test('lines are appended, also beside another process, for owner and group', () => {
  const path = join(temporaryFolder(), 'a.log')
  appendFileSync(path, 'before\n')
  rmSync(path)
  const file = open(path)
  file.write('one\n')
  appendFileSync(path, 'other\n')
  file.write('two\n')
  expect(readFileSync(path, 'utf8')).toBe('one\nother\ntwo\n')
  expect(statSync(path).mode & 0o777 & ~0o640).toBe(0)
})

test('after a rename the lines go to the old file until it is reopened', () => {
  const path = join(temporaryFolder(), 'a.log')
  const file = open(path)
  file.write('one\n')
  renameSync(path, `${path}.1`)
  file.write('two\n')
  file.reopen()
  file.write('three\n')
  expect(readFileSync(`${path}.1`, 'utf8')).toBe('one\ntwo\n')
  expect(readFileSync(path, 'utf8')).toBe('three\n')
})

test('a file that was moved away or deleted is made anew by itself', () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  onTestFinished(() => void vi.useRealTimers())
  const path = join(temporaryFolder(), 'a.log')
  const file = open(path)
  for (const leave of [() => renameSync(path, `${path}.1`), () => rmSync(path)]) {
    leave()
    vi.advanceTimersByTime(2000)
    file.write('next\n')
    expect(readFileSync(path, 'utf8')).toBe('next\n')
  }
})

test('a folder that is gone keeps the open file', () => {
  const folder = temporaryFolder()
  const file = open(join(folder, 'a.log'))
  rmSync(folder, { recursive: true })
  expect(() => file.reopen()).toThrow('ENOENT')
  file.write('one\n')
})
