import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { expect, test } from 'vitest'
import type { Metadata } from '../../../src/archive/archive.ts'
import type { Compression } from '../../../src/archive/compression.ts'
import { createLineFormat } from '../../../src/archive/lines/line-format.ts'
import * as reading from '../../../src/archive/reader/read-records.ts'
import { openRollingArchive } from '../../../src/archive/rolling/rolling-archive.ts'
import { createShoeboxFormat } from '../../../src/archive/shoebox/shoebox-format.ts'
import { silentLogger } from '../../../src/runtime/logger.ts'
import { temporaryFolder } from '../../support/folders.ts'
import { runInProcess } from '../../support/run-in-process.ts'

const CONFIG = resolve(import.meta.dirname, '../../../config/winchester.yaml')
const METADATA: Metadata = [
  ['queue', 'monitor.info'],
  ['schlüssel', 'wert'],
]

const uuid = (number: number) => `${String(number).padStart(8, '0')}-aaaa-bbbb-cccc-dddddddddddd`

/** A notification of one of 300 instances; each comes ten minutes after the one before. */
function notification(number: number): string {
  return JSON.stringify({
    event_type: number % 2 === 0 ? 'compute.instance.update' : 'image.update',
    message_id: `m-${number}`,
    timestamp: new Date(Date.UTC(2026, 0, 1, 0, 10 * number)).toISOString().replace('Z', ''),
    payload: { instance_id: uuid(number % 300), state: 'active', padding: 'x'.repeat(4000) },
  })
}

const ALL = Array.from({ length: 900 }, (_, number) => notification(number))

/** Writes an archive and returns the paths of its files. */
async function written(
  form: 'lines' | 'shoebox',
  compression: Compression,
  texts: readonly string[] = ALL,
): Promise<{ readonly folder: string; readonly files: readonly string[] }> {
  const folder = join(temporaryFolder(), 'done')
  const archive = await openRollingArchive({
    workingDirectory: join(folder, '..', 'working'),
    destinationFolder: folder,
    filenameTemplate: 'n_[[CRC]].json',
    rollBytes: 100_000_000,
    rollMinutes: 0,
    format: form === 'lines' ? createLineFormat() : createShoeboxFormat(),
    compression,
    hasIndex: true,
    logger: silentLogger,
  })
  await archive.append(
    texts.map((text) => ({ body: Buffer.from(text), isJson: true, metadata: () => METADATA })),
  )
  await archive.close()
  const names = readdirSync(folder).filter((name) => !name.startsWith('.'))
  return { folder, files: names.map((name) => join(folder, name)) }
}

function archiveCommand(...args: readonly string[]) {
  return runInProcess('stv3', ['archive', ...args])
}

const FORMS = [
  ['lines', 'none'],
  ['lines', 'gzip'],
  ['lines', 'zstd'],
  ['shoebox', 'none'],
  ['shoebox', 'gzip'],
] as const

test.each(FORMS)('an archive in %s, packed by %s, comes out as it went in', async (form, compression) => {
  const { folder } = await written(form, compression)
  const { code, stdout } = await archiveCommand('cat', folder)
  expect([code, stdout]).toEqual([0, ALL.map((text) => `${text}\n`).join('')])
  const json = await archiveCommand('cat', '--json', folder)
  const metadata = form === 'lines' ? {} : Object.fromEntries(METADATA)
  const lines = json.stdout.trim().split('\n')
  expect(lines).toHaveLength(ALL.length)
  expect(JSON.parse(lines[7] as string)).toEqual({ metadata, payload: ALL[7] })
})

test.each(FORMS)(
  'one instance is found in %s packed by %s by reading little; without the index too',
  async (form, compression) => {
    const { folder, files } = await written(form, compression)
    const [file = ''] = files
    const wanted = ALL.filter((_, number) => number % 300 === 124 && number % 2 === 0)
    const ask = () => archiveCommand('cat', folder, '--where', `instance_id=${uuid(124)}`, '-c', CONFIG)
    const find = async () => {
      const { code, stdout } = await ask()
      expect([code, stdout]).toEqual([0, wanted.map((text) => `${text}\n`).join('')])
    }
    await find()
    const index = join(folder, `.${file.slice(folder.length + 1)}.index`)
    // What is in the file does not matter where its index says that nothing is wanted there.
    const [facts = '', ...blocks] = readFileSync(index, 'utf8').trim().split('\n')
    expect(blocks.length).toBeGreaterThan(2)
    const none = blocks.map((block) => JSON.stringify({ ...JSON.parse(block), ids: 'AAAAAAAAAAA=' }))
    writeFileSync(index, [facts, ...none].join('\n'))
    expect((await ask()).stdout).toBe('')
    // An index of another file, a broken one and none.
    writeFileSync(index, [facts.replace(/"bytes":\d+/, '"bytes":1'), ...none].join('\n'))
    await find()
    writeFileSync(index, 'no index')
    await find()
    rmSync(index)
    await find()
    expect((await archiveCommand('index', folder)).code).toBe(0)
    await find()
  },
)

test('notifications are chosen by time and by type, with an index and without', async () => {
  const { folder, files } = await written('shoebox', 'gzip')
  const ask = async () => {
    const { stdout } = await archiveCommand(
      ...[
        'cat',
        folder,
        '--from',
        '2026-01-02T00:00:00',
        '--to',
        '2026-01-02T01:00:00',
        '--types',
        'image.*',
      ],
    )
    return stdout
  }
  const wanted = [145, 147, 149].map((number) => `${ALL[number]}\n`).join('')
  expect(await ask()).toBe(wanted)
  rmSync(join(folder, `.${(files[0] as string).slice(folder.length + 1)}.index`))
  expect(await ask()).toBe(wanted)
})

test('ls tells what is in files', async () => {
  const { folder, files } = await written('shoebox', 'zstd')
  const { code, stdout } = await archiveCommand('ls', '--json', folder)
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({
    file: files[0],
    form: 'shoebox',
    compression: 'zstd',
    records: 900,
    first: '2026-01-01T00:00:00',
    last: '2026-01-07T05:50:00',
    types: { 'compute.instance.update': 450, 'image.update': 450 },
    sha256: /[0-9a-f]{64}/.exec(files[0] as string)?.[0],
    from_index: true,
    being_written: false,
  })
  expect((await archiveCommand('ls', folder)).stdout).toContain('| shoebox, zstd |')
})

test('verify finds bytes that were changed, packed files that are cut off, broken records and disorder', async () => {
  const folder = temporaryFolder()
  const write = (name: string, bytes: Buffer | string) => {
    writeFileSync(join(folder, name), bytes)
    return name
  }
  const two = `${ALL[0]}\n${ALL[1]}\n`
  const packed = gzipSync(two)
  const head = createShoeboxFormat().encode({ body: Buffer.from(ALL[0] as string), isJson: true }) as Buffer[]
  write('a-good.json', two)
  write(`b-${'0'.repeat(64)}.json`, two)
  write('c-cut.json.gz', packed.subarray(0, packed.length - 20))
  write('d-cut.json.zst', zstdCompressSync(Buffer.from(two)).subarray(0, 40))
  write('e-broken.events', Buffer.concat([...head, Buffer.from('noise'), ...head]))
  write('f-disorder.json', `${ALL[20]}\n${ALL[1]}\n`)
  write('g-none.json', '{"no": "notification"}\n\n')
  const { code, stdout } = await archiveCommand('verify', '--json', folder)
  expect(code).toBe(1)
  const verdicts = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  const facts = verdicts.map(({ file, ok, records, unread, late, faults }) => [
    file.slice(folder.length + 1, folder.length + 2),
    ok,
    records,
    unread,
    late,
    faults.length,
  ])
  expect(facts).toEqual([
    ['a', true, 2, 0, 0, 0],
    ['b', false, 2, 0, 0, 1],
    ['c', false, expect.anything(), expect.anything(), 0, 1],
    ['d', false, expect.anything(), expect.anything(), 0, 1],
    ['e', false, 2, 0, 0, 1],
    ['f', true, 2, 0, 1, 0],
    ['g', true, 2, 2, 0, 0],
  ])
  const length = Buffer.concat(head).length
  expect(verdicts[4].faults).toEqual([`at byte ${length}: no record begins here (5 bytes)`])
  expect(verdicts[5].latest_by_s).toBe(19 * 600)
  const text = await archiveCommand('verify', folder)
  expect(text.stdout).toContain('e-broken.events: BROKEN, 2 records\n')
  expect(text.stdout).toContain('wild disorder')
})

test('cat prints what it can, and says what it cannot', async () => {
  const folder = temporaryFolder()
  const file = join(folder, 'cut.json.gz')
  const packed = gzipSync(`${ALL.slice(0, 300).join('\n')}\n`)
  writeFileSync(file, packed.subarray(0, packed.length / 2))
  const { code, stdout, stderr } = await archiveCommand('cat', file)
  expect(code).toBe(1)
  expect(stderr).toMatch(/^cannot read .*cut\.json\.gz: /)
  expect(ALL.join('\n').startsWith(stdout.slice(0, 4000))).toBe(true)
  expect(await archiveCommand('cat', join(folder, 'none.json'))).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('none.json: there is no such file'),
  })
  expect((await archiveCommand('cat', file, '--where', 'a=b')).code).toBe(2)
})

test('the fragment of a record in a file that is still written is no damage', async () => {
  const folder = temporaryFolder()
  const file = join(folder, 'a.events.part')
  const record = Buffer.concat(
    createShoeboxFormat().encode({ body: Buffer.from(ALL[0] as string), isJson: true }) as Buffer[],
  )
  writeFileSync(file, Buffer.concat([record, record.subarray(0, 100)]))
  expect(await archiveCommand('cat', folder)).toMatchObject({ code: 0, stdout: `${ALL[0]}\n`, stderr: '' })
  expect((await archiveCommand('verify', folder)).code).toBe(0)
})

test('records are read as they are asked for: a file is never in memory whole', async () => {
  const { files } = await written('lines', 'none')
  let most = 0
  for await (const records of reading.readRecords(files[0] as string)) {
    const bytes = records.reduce((sum, { length }) => sum + length, 0)
    most = Math.max(most, bytes)
  }
  expect(most).toBeLessThan(2 << 20)
})
