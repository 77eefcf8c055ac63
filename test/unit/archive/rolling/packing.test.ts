import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync, zstdDecompressSync } from 'node:zlib'
import { expect, test } from 'vitest'
import type { NamedCallback } from '../../../../src/archive/callbacks/callback.ts'
import { readIndex } from '../../../../src/archive/file-index/file-index.ts'
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
    filenameTemplate: 'n_[[CRC]].json',
    rollBytes: 1_000_000,
    rollMinutes: 60,
    logger: silentLogger,
    ...more,
  }
}

function namesIn(folder: string, name: 'working' | 'done'): string[] {
  return readdirSync(join(folder, name)).sort()
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

const LINES = ['1', '2'].map((id) =>
  JSON.stringify({ event_type: `a.${id}`, message_id: id, timestamp: `2026-01-0${id} 00:00:00` }),
)

test.each([
  ['gzip', '.gz', gunzipSync],
  ['zstd', '.zst', zstdDecompressSync],
] as const)(
  'a complete file is packed by %s, with the checksum of its content in the name',
  async (compression, extension, unpack) => {
    const folder = temporaryFolder()
    const archive = await openRollingArchive(optionsIn(folder, { compression, hasIndex: true }))
    await archive.append(records(...LINES))
    await archive.close()
    const content = LINES.map((line) => `${line}\n`).join('')
    const name = `n_${sha256(content)}.json${extension}`
    expect(namesIn(folder, 'done')).toEqual([`.${name}.index`, name])
    expect(namesIn(folder, 'working')).toEqual([])
    const path = join(folder, 'done', name)
    expect(String(unpack(readFileSync(path)))).toBe(content)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    const index = await readIndex(path)
    expect(index).toMatchObject({
      records: 2,
      plainBytes: content.length,
      sha256: sha256(content),
      types: { 'a.1': 1, 'a.2': 1 },
      first: Date.parse('2026-01-01T00:00:00Z') * 1000,
      last: Date.parse('2026-01-02T00:00:00Z') * 1000,
    })
  },
)

test('a large file is packed by a process of its own, in blocks that can be read by themselves', async () => {
  const folder = temporaryFolder()
  const archive = await openRollingArchive(
    optionsIn(folder, { compression: 'gzip', hasIndex: true, rollBytes: 5 << 20 }),
  )
  const line = (n: number) =>
    JSON.stringify({ event_type: 'x', message_id: `m-${n}`, text: 'y'.repeat(100_000) })
  const texts = Array.from({ length: 60 }, (_, n) => line(n))
  await archive.append(records(...texts))
  await archive.append(records('{}'))
  await archive.close()
  const names = namesIn(folder, 'done').filter((name) => !name.startsWith('.'))
  expect(names).toHaveLength(2)
  const found = await Promise.all(names.map((name) => readIndex(join(folder, 'done', name))))
  const at = found.findIndex((index) => index?.records === 60)
  const bytes = readFileSync(join(folder, 'done', names[at] as string))
  const blocks = found[at]?.blocks ?? []
  expect(blocks.length).toBeGreaterThan(4)
  const pieces = blocks.map(({ at: from, length }) => String(gunzipSync(bytes.subarray(from, from + length))))
  expect(pieces.join('')).toBe(texts.map((text) => `${text}\n`).join(''))
  expect(pieces.every((piece) => piece.endsWith('\n'))).toBe(true)
})

test('a file that cannot be packed yet is packed the next time; until then it stays', async () => {
  const folder = temporaryFolder()
  const archive = await openRollingArchive(optionsIn(folder, { compression: 'gzip', rollBytes: 1 }))
  await archive.append(records('a'))
  const [part] = namesIn(folder, 'working').filter((name) => name.endsWith('.part'))
  const [, token, random] = /\.([0-9a-f]{24})@.*\.([0-9a-f]{8})\.part$/.exec(part as string) ?? []
  const inTheWay = join(folder, 'working', `.${token}@${hostname()}.${random}.packing`)
  mkdirSync(inTheWay)
  await archive.append(records('b'))
  await archive.close()
  // The one in the way is not removed by this process, so the file is left to the next one.
  expect(namesIn(folder, 'done')).toHaveLength(1)
  expect(existsSync(join(folder, 'working', part as string))).toBe(true)
})

/** Leaves a file as a process does that is gone. */
function leave(folder: string, name: string, text: string): string {
  const working = join(folder, 'working')
  mkdirSync(working, { recursive: true })
  const owner = `${'a'.repeat(24)}@${hostname()}`
  writeFileSync(join(working, `.${owner}.lock`), '')
  writeFileSync(join(working, `${name}.${owner}.01234567.part`), text)
  return join(working, `.${owner}.01234567`)
}

test('what a process that is gone was packing is packed anew, with its checksum', async () => {
  const folder = temporaryFolder()
  const made = leave(folder, 'n_[[CRC]].json', '{"a":1}\n{"torn')
  for (const end of ['packing', 'indexing']) writeFileSync(`${made}.${end}`, 'half')
  await (await openRollingArchive(optionsIn(folder, { compression: 'gzip' }))).close()
  expect(namesIn(folder, 'working')).toEqual([])
  const [name] = namesIn(folder, 'done')
  expect(name).toBe(`n_${sha256('{"a":1}\n')}.json.gz`)
})

test('what the packing process of a consumer has made that had left long before is removed', async () => {
  const folder = temporaryFolder()
  const made = leave(folder, 'n.json', '{"a":1}\n')
  await (await openRollingArchive(optionsIn(folder))).close()
  writeFileSync(`${made}.packing`, 'late')
  await (await openRollingArchive(optionsIn(folder))).close()
  expect(namesIn(folder, 'working')).toEqual([])
})

test.each(['none', 'gzip'] as const)(
  'a file that was placed before its process died is not placed twice (%s)',
  async (compression) => {
    const folder = temporaryFolder()
    leave(folder, 'same.json', '{"a":1}\n')
    mkdirSync(join(folder, 'done'))
    const [name, bytes] =
      compression === 'gzip'
        ? ['same.json.gz', gzipSync('{"a":1}\n')]
        : ['same.json', Buffer.from('{"a":1}\n')]
    writeFileSync(join(folder, 'done', name), bytes)
    await (await openRollingArchive(optionsIn(folder, { compression }))).close()
    expect(namesIn(folder, 'done')).toEqual([name])
    expect(namesIn(folder, 'working')).toEqual([])
  },
)

test('callbacks get each file in turn; the failure of one is logged and stops neither the others nor the archive', async () => {
  const folder = temporaryFolder()
  const calls: string[] = []
  const warnings: string[] = []
  const logger = { ...silentLogger, warn: (_: object, message: string) => void warnings.push(message) }
  const named = (name: string, onClose: NamedCallback['callback']['onClose']): NamedCallback => ({
    name,
    callback: { onOpen: (path) => void calls.push(`${name} opened ${path.includes('.part')}`), onClose },
  })
  const callbacks = [
    named('First', (path) => {
      calls.push(`First ${path}`)
      return `${path}.moved`
    }),
    named('Broken', () => {
      throw new Error('no room')
    }),
    named('Odd', () => 5 as never),
    named('Gone', (path) => {
      calls.push(`Gone ${path}`)
      return null
    }),
    named('Never', () => void calls.push('Never')),
  ]
  const archive = await openRollingArchive(
    optionsIn(folder, { callbacks, logger, filenameTemplate: 'n.json' }),
  )
  await archive.append(records('a'))
  await archive.close()
  const done = join(folder, 'done', 'n.json')
  expect(calls).toEqual([
    ...callbacks.map(({ name }) => `${name} opened true`),
    `First ${done}`,
    `Gone ${done}.moved`,
  ])
  expect(warnings).toEqual([
    `callback Broken failed for ${done}.moved: no room`,
    `callback Odd failed for ${done}.moved: onClose must return a path, null or nothing`,
  ])
})

test('a clock that is set back or ahead makes files of the right age, and writes over none', async () => {
  const folder = temporaryFolder()
  let [wall, machine] = [Date.parse('2026-01-01T00:00:00Z'), 0]
  const archive = await openRollingArchive(
    optionsIn(folder, { filenameTemplate: 'n_%H.json', now: () => wall, machineNow: () => machine }),
  )
  const go = (wallMinutes: number, machineMinutes: number) => {
    wall += wallMinutes * 60_000
    machine += machineMinutes * 60_000
  }
  await archive.append(records('a'))
  // Set back by a day: an hour later the file is complete all the same.
  go(-1440 + 59, 59)
  await archive.append(records('b'))
  go(1, 1)
  await archive.append(records('c'))
  expect(namesIn(folder, 'done')).toEqual(['n_00.json'])
  // Set ahead by a day: a file more, no more.
  go(1440 - 60, 0)
  await archive.append(records('d'))
  await archive.close()
  expect(namesIn(folder, 'done')).toHaveLength(3)
  const texts = namesIn(folder, 'done').map((name) => readFileSync(join(folder, 'done', name), 'utf8'))
  expect(texts.join('').split('\n').sort().join('')).toBe('abcd')
})
