import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
import { openRollingArchive } from '../../../../src/archive/rolling/rolling-archive.ts'
import { silentLogger } from '../../../../src/runtime/logger.ts'
import { temporaryFolder } from '../../../support/folders.ts'
import { records } from '../../../support/records.ts'
import { APART, mayRunApart } from '../../../support/servers/apart.ts'

const WRITER = resolve(import.meta.dirname, '../../../support/archive-writer.ts')

class Writer {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #lines: AsyncIterator<string>

  constructor(folder: string, prefix: readonly string[] = []) {
    const [program = '', ...args] = [...prefix, process.execPath, WRITER, folder]
    const child = spawn(program, args)
    this.#child = child
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    onTestFinished(() => void child.kill('SIGKILL'))
  }

  async says(): Promise<string> {
    return (await this.#lines.next()).value
  }

  async keep(line: string): Promise<void> {
    this.#child.stdin.write(`${line}\n`)
    expect(await this.says()).toBe(`kept ${line}`)
  }

  async end(): Promise<void> {
    this.#child.stdin.end()
    expect(await this.says()).toBe('closed')
  }

  async kill(): Promise<void> {
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await ended
  }
}

function linesOf(folder: string): string[] {
  const names = readdirSync(join(folder, 'done'))
  const texts = names.map((name) => readFileSync(join(folder, 'done', name), 'utf8'))
  return texts.flatMap((text) => text.split('\n').filter((line) => line !== '')).sort()
}

function parts(folder: string): string[] {
  return readdirSync(join(folder, 'working')).filter((name) => name.endsWith('.part'))
}

function openIn(folder: string, rollBytes = 1_000_000) {
  return openRollingArchive({
    workingDirectory: join(folder, 'working'),
    destinationFolder: join(folder, 'done'),
    filenameTemplate: 'own_%f.json',
    rollBytes,
    rollMinutes: 60,
    logger: silentLogger,
  })
}

test.runIf(mayRunApart)('two processes of one number and host name leave each other alone', async () => {
  const folder = temporaryFolder()
  const first = new Writer(folder, APART)
  expect(await first.says()).toBe('open as process 1')
  await first.keep('a')
  const second = new Writer(folder, APART)
  expect(await second.says()).toBe('open as process 1')
  await second.keep('b')
  expect(linesOf(folder)).toEqual([])
  await first.keep('c')
  await first.end()
  await second.end()
  expect(linesOf(folder)).toEqual(['a', 'b', 'c'])
  expect(readdirSync(join(folder, 'working'))).toEqual([])
})

const PLACES: [string, readonly string[]][] = [
  ['here', []],
  ['among processes of its own', APART],
]

test.each(mayRunApart ? PLACES : PLACES.slice(0, 1))(
  'what a process that was killed %s has left is completed, with nobody waiting for it',
  async (_, prefix) => {
    const folder = temporaryFolder()
    const writer = new Writer(folder, prefix)
    await writer.says()
    await writer.keep('a')
    await (await openIn(folder)).close()
    expect(linesOf(folder)).toEqual([])
    await writer.kill()
    await expect
      .poll(
        async () => {
          await (await openIn(folder)).close()
          return linesOf(folder)
        },
        { timeout: 30_000 },
      )
      .toEqual(['a'])
    expect(readdirSync(join(folder, 'working'))).toEqual([])
  },
)

test('two archives of one process leave each other alone', async () => {
  const folder = temporaryFolder()
  const first = await openIn(folder)
  await first.append(records('a'))
  const second = await openIn(folder)
  await first.append(records('b'))
  await second.close()
  expect(linesOf(folder)).toEqual([])
  await first.close()
  expect(linesOf(folder)).toEqual(['a', 'b'])
})

test.each([
  ['deleted', (path: string) => rmSync(path)],
  ['moved away and taken from there', (path: string) => renameSync(path, `${path}.taken`)],
  [
    'replaced by another',
    (path: string) => {
      renameSync(path, `${path}.taken`)
      writeFileSync(path, '')
    },
  ],
])('what was kept in a file that is %s while it is written is written once more', async (_, takeAway) => {
  const folder = temporaryFolder()
  const archive = await openIn(folder)
  await archive.append(records('a', 'b'))
  takeAway(join(folder, 'working', parts(folder)[0] as string))
  await archive.append(records('c'))
  takeAway(join(folder, 'working', parts(folder).at(-1) as string))
  await archive.close()
  expect(linesOf(folder)).toEqual(['a', 'b', 'c'])
})

test('one finished file that cannot be moved, or is gone, holds up no other and no line', async () => {
  const folder = temporaryFolder()
  const archive = await openIn(folder, 1)
  await archive.append(records('a'))
  // A folder that is away for a while.
  renameSync(join(folder, 'done'), join(folder, 'away'))
  await archive.append(records('b'))
  await archive.append(records('c'))
  // Names go by the fraction of a second: the first by name need not be the first that was made.
  const path = (name: string) => join(folder, 'working', name)
  const first = parts(folder).find((name) => readFileSync(path(name), 'utf8') === 'a\n')
  rmSync(path(first as string))
  renameSync(join(folder, 'away'), join(folder, 'done'))
  await archive.append(records('d'))
  await archive.close()
  expect(linesOf(folder)).toEqual(['b', 'c', 'd'])
  expect(readdirSync(join(folder, 'working'))).toEqual([])
})

test('many that cannot be moved are tried a few at a time, and all at the end', async () => {
  const folder = temporaryFolder()
  const archive = await openIn(folder, 1)
  renameSync(join(folder, 'done'), join(folder, 'away'))
  const lines = Array.from({ length: 12 }, (_, n) => `line ${n + 10}`)
  for (const line of lines) await archive.append(records(line))
  expect(parts(folder)).toHaveLength(12)
  renameSync(join(folder, 'away'), join(folder, 'done'))
  await archive.close()
  expect(linesOf(folder)).toEqual(lines)
})

test('what cannot be moved at the end is completed by the next', async () => {
  const folder = temporaryFolder()
  const archive = await openIn(folder)
  await archive.append(records('a'))
  renameSync(join(folder, 'done'), join(folder, 'away'))
  await archive.close()
  renameSync(join(folder, 'away'), join(folder, 'done'))
  await (await openIn(folder)).close()
  expect(linesOf(folder)).toEqual(['a'])
  expect(readdirSync(join(folder, 'working'))).toEqual([])
})

test('a file whose owner cannot be asked is taken only when a living one would have completed it', async () => {
  const folder = temporaryFolder()
  const working = join(folder, 'working')
  mkdirSync(working)
  // As an earlier version names them, this process's own number among them, and one whose lock was deleted.
  const names = [
    `a.json.${process.pid}@${hostname()}.01234567.part`,
    `b.json.${2 ** 30}@elsewhere.01234567.part`,
    `c.json.0123456789abcdef01234567@${hostname()}.01234567.part`,
  ]
  for (const name of names) writeFileSync(join(working, name), `${name[0]}\ntorn`)
  await (await openIn(folder)).close()
  expect(readdirSync(working).sort()).toEqual(names)
  const before = new Date(Date.now() - 63 * 60_000)
  for (const name of names) utimesSync(join(working, name), before, before)
  await (await openIn(folder)).close()
  expect(linesOf(folder)).toEqual(['a', 'b', 'c'])
})

test('a lock file that somebody deletes comes back with the next file', async () => {
  const folder = temporaryFolder()
  const archive = await openIn(folder, 1)
  const [lock] = readdirSync(join(folder, 'working'))
  rmSync(join(folder, 'working', lock as string))
  await archive.append(records('a'))
  expect(readdirSync(join(folder, 'working'))).toContain(lock)
  await (await openIn(folder)).close()
  expect(linesOf(folder)).toEqual([])
  await archive.close()
  expect(linesOf(folder)).toEqual(['a'])
})
