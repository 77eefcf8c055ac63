import { appendFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { RememberedFile, SourceFile } from '../../../src/logs/collector/source-file.ts'
import { SourceFiles } from '../../../src/logs/collector/source-files.ts'
import { temporaryFolder } from '../../support/folders.ts'

type Memory = (dev: bigint, ino: bigint) => RememberedFile | undefined

/** Returns the files of a new folder, and what writes to one of them and looks at it. */
function filesOf(remembered: Memory = () => undefined) {
  const folder = temporaryFolder()
  const files = new SourceFiles({
    ...{ folder: Buffer.from(folder), isWanted: () => true, own: new Set<string>(), now: () => 0 },
    ...{ remembered, onGrowth: () => {}, onFault: () => {}, onNewLife: () => {} },
    onLeft: () => {},
  })
  const look = (name: string) => {
    files.lookAt(Buffer.from(name))
    return files.at(Buffer.from(name)) as SourceFile
  }
  const write = (name: string, text: string) => {
    appendFileSync(join(folder, name), text)
    return look(name)
  }
  const rename = (from: string, to: string) => {
    renameSync(join(folder, from), join(folder, to))
    look(from)
    return look(to)
  }
  return { files, write, rename }
}

test('a file that was renamed goes before the one in its place until it is answered, also after a lost connection', () => {
  const { files, write, rename } = filesOf()
  const first = write('a.log', 'one\n')
  rename('a.log', 'a.log.1')
  const second = write('a.log', 'two\n')
  expect(files.before(second)).toBe(first)
  first.read = first.end
  expect(files.before(second)).toBeUndefined()
  // The connection is lost.
  first.read = first.answered
  expect(files.before(second)).toBe(first)
  first.read = first.end
  first.answerUpTo(first.end)
  expect(files.before(second)).toBeUndefined()
  files.close()
})

test('files that were sent under one name go in the order in which they had it, however they lost it', () => {
  const { files, write, rename } = filesOf()
  const answer = (file: SourceFile) => {
    file.read = file.end
    file.answerUpTo(file.end)
  }
  const first = write('a.log', 'one\n')
  rename('a.log', 'a.log.old')
  const second = write('a.log', 'two\n')
  rename('a.log', 'a.log.1')
  const third = write('a.log', 'three\n')
  expect([first, second, third].map((file) => files.before(file))).toEqual([undefined, first, first])
  answer(first)
  expect([second, third].map((file) => files.before(file))).toEqual([undefined, second])
  rename('a.log', 'a.log.old')
  const fourth = write('a.log', 'four\n')
  expect([second, third, fourth].map((file) => files.before(file))).toEqual([undefined, second, third])
  files.close()
})

test('a file that has the inode of one that is remembered is not taken for as old as that', () => {
  const remembered: Memory = (dev, ino) => ({
    ...{ dev, ino, stream: 's', answered: 3, bornNs: 0n, earlier: [], namedAt: 1 },
    fingerprint: { length: 3, sha256: 'of others' },
  })
  let isUsedAgain = false
  const { files, write, rename } = filesOf((dev, ino) => (isUsedAgain ? remembered(dev, ino) : undefined))
  const first = write('a.log.old', 'one\n')
  isUsedAgain = true
  const second = write('a.log', 'two\n')
  rename('a.log', 'a.log.1')
  expect([first, second].map((file) => files.before(file))).toEqual([undefined, first])
  files.close()
})
