import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { LeftFiles } from '../../../src/logs/collector/left-files.ts'
import type { RememberedFile, SourceFile } from '../../../src/logs/collector/source-file.ts'
import { SourceFiles } from '../../../src/logs/collector/source-files.ts'
import { temporaryFolder } from '../../support/folders.ts'
import { type CollectorSettings, startCollector, startProcessor } from '../../support/logs/running-logs.ts'
import { until } from '../../support/until.ts'

const DAY_MS = 86_400_000

/** Makes a file, and writes to it later: only then does it say when it was made. */
async function writeLater(path: string, text: string): Promise<void> {
  writeFileSync(path, '')
  await delay(10)
  appendFileSync(path, text)
}

/** Returns the folder of the source, and what runs a collector until all is answered, and the texts of files then. */
async function runs() {
  const folder = temporaryFolder()
  const [source, target] = [join(folder, 'source'), join(folder, 'target')]
  for (const path of [join(source, 'sub'), target]) mkdirSync(path, { recursive: true })
  const { port } = (await startProcessor(target)).processor
  const got = (name: string) =>
    existsSync(join(target, name)) ? readFileSync(join(target, name), 'utf8') : ''
  const start = (settings: CollectorSettings = {}) =>
    startCollector(source, join(folder, 'offsets.db'), port, { isRecursive: true, ...settings })
  const run = async (settings: CollectorSettings, wanted: { readonly [name: string]: string }) => {
    const collector = await start(settings)
    await until('all to be answered', () => collector.view().lagBytes === 0)
    await collector.stop()
    expect(Object.fromEntries(Object.keys(wanted).map((name) => [name, got(name)]))).toEqual(wanted)
  }
  return { folder, source, port, got, start, run }
}

test('a file whose folder is not there when the collector starts goes on at its offset when it comes back', async () => {
  const { folder, source, port, got, start, run } = await runs()
  for (const name of ['sub/a.log', 'b.log']) await writeLater(join(source, name), '1\n')
  await run({}, { 'sub/a.log': '1\n', 'b.log': '1\n' })
  renameSync(join(source, 'sub'), join(folder, 'away'))
  await run({}, { 'sub/a.log': '1\n' })
  appendFileSync(join(folder, 'away', 'a.log'), '2\n')
  const collector = await start()
  renameSync(join(folder, 'away'), join(source, 'sub'))
  // New folders are seen when all is looked at.
  collector.reload(() => true, { host: '127.0.0.1', port }, undefined)
  await until('it to go on', () => got('sub/a.log') !== '1\n')
  expect(got('sub/a.log')).toBe('1\n2\n')
  expect(collector.view()).toMatchObject({ bytes: 2, newLives: 0 })
})

test('a file that patterns leave out for a while goes on at its offset, and nothing of it goes meanwhile', async () => {
  const { source, run } = await runs()
  await writeLater(join(source, 'a.log'), '1\n')
  await run({}, { 'a.log': '1\n' })
  await run({ exclude: ['a.*'] }, { 'a.log': '1\n' })
  appendFileSync(join(source, 'a.log'), '2\n')
  await run({ exclude: ['a.*'] }, { 'a.log': '1\n' })
  await run({}, { 'a.log': '1\n2\n' })
})

test('another file that has got the inode of one that left is read from its begin', async () => {
  const { folder, source, run } = await runs()
  writeFileSync(join(source, 'a.log'), `${'1'.repeat(2000)}\n`)
  await run({}, { 'a.log': `${'1'.repeat(2000)}\n` })
  renameSync(join(source, 'a.log'), join(folder, 'a.log'))
  await run({}, {})
  // In its place: the inode is the same, as where it is used again.
  writeFileSync(join(folder, 'a.log'), `${'2'.repeat(3000)}\n`)
  renameSync(join(folder, 'a.log'), join(source, 'b.log'))
  await run({}, { 'b.log': `${'2'.repeat(3000)}\n` })
})

test('a file that is moved away, or whose folder is, is kept; one that is deleted is not', () => {
  const folder = temporaryFolder()
  const left: string[] = []
  let now = 0
  const files = new SourceFiles({
    ...{ folder: Buffer.from(folder), isWanted: () => true, own: new Set<string>(), now: () => now },
    ...{ remembered: () => undefined, onGrowth: () => {}, onFault: () => {}, onNewLife: () => {} },
    onLeft: ({ name }) => void left.push(name.toString()),
  })
  const names = ['moved', 'deleted', 'sub/open', 'sub/closed', 'closed and deleted']
  mkdirSync(join(folder, 'sub'))
  for (const name of names) {
    writeFileSync(join(folder, name), 'x\n')
    files.lookAt(Buffer.from(name))
  }
  for (const file of files.all) file.answerUpTo(2)
  for (const name of ['sub/closed', 'closed and deleted']) (files.at(Buffer.from(name)) as SourceFile).close()
  renameSync(join(folder, 'moved'), `${folder}.moved`)
  renameSync(join(folder, 'sub'), join(folder, 'other'))
  for (const name of ['deleted', 'closed and deleted']) rmSync(join(folder, name))
  now = 60_000
  files.settle(new Set())
  rmSync(`${folder}.moved`)
  expect(files.count).toBe(0)
  expect(left.sort()).toEqual(['moved', 'sub/closed', 'sub/open'])
})

test('files that left are kept for 30 days, the latest of them, where they can be told from others', () => {
  const fileOf = (ino: number, more: Partial<RememberedFile> = {}): RememberedFile => ({
    ...{ dev: 1n, ino: BigInt(ino), stream: 's', answered: 5, bornNs: 1n, earlier: [] },
    ...{ fingerprint: { length: 5, sha256: '' }, leftAt: 0 },
    ...more,
  })
  const left = new LeftFiles()
  left.add(fileOf(1))
  left.add(fileOf(2, { answered: 0 }))
  left.add(fileOf(3, { bornNs: 0n }))
  left.add(fileOf(4, { bornNs: 0n, fingerprint: { length: 1024, sha256: '' } }))
  left.add(fileOf(5, { leftAt: undefined }))
  expect(left.keep(DAY_MS).map(({ ino }) => Number(ino))).toEqual([1, 4, 5])
  expect(left.keep(30 * DAY_MS).map(({ ino }) => Number(ino))).toEqual([5])
  expect(left.keep(31 * DAY_MS)).toEqual([])
  for (let ino = 0; ino < 1100; ino++) left.add(fileOf(ino))
  expect(left.keep(1).map(({ ino }) => Number(ino))).toEqual(
    Array.from({ length: 1000 }, (_, index) => index + 100),
  )
})
