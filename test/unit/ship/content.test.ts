import { randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { Retention } from '../../../src/archive/rolling/retention.ts'
import { openShip } from '../../../src/assembly/ship/open-ship.ts'
import { FileLock } from '../../../src/runtime/file-lock.ts'
import { silentLogger } from '../../../src/runtime/logger.ts'
import { type ContentForm, contentForm, originalOf } from '../../../src/ship/content/content-form.ts'
import { Journal } from '../../../src/ship/journal.ts'
import { folderWith, temporaryFolder } from '../../support/folders.ts'
import { runInProcess } from '../../support/run-in-process.ts'
import { APP_LOGS, ShipFixture } from '../../support/ship/ship-fixture.ts'
import { pieces } from '../../support/ship/target-contract.ts'

const KEY = { name: 'k1', bytes: randomBytes(32) }
const CONTENT = Buffer.concat([randomBytes(200_000), Buffer.alloc(300_000, 'a')])

async function whole(content: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of content) parts.push(Buffer.from(part))
  return Buffer.concat(parts)
}

test.each([
  ['gzip', undefined],
  ['zstd', undefined],
  [undefined, KEY],
  ['zstd', KEY],
] as const)(
  'content that is packed by %s and encrypted comes back, and is made again alike',
  async (packing, key) => {
    const form = contentForm(packing, key)
    if (!form) throw new Error('no form')
    const apply = (target: string) => whole(form.apply(pieces(CONTENT), target, 'sha'))
    const stored = await apply('/a')
    expect(stored.equals(await apply('/a'))).toBe(true)
    expect(stored.equals(CONTENT)).toBe(false)
    const keyOf = (name: string) => (name === 'k1' ? KEY : undefined)
    expect((await whole(originalOf(pieces(stored, 777), form.name, keyOf))).equals(CONTENT)).toBe(true)
    if (!key) return
    expect(stored.equals(await apply('/b'))).toBe(false)
    expect(stored.includes(Buffer.alloc(100, 'a'))).toBe(false)
    const changed = Buffer.from(stored)
    changed[stored.length - 100] = (changed.at(-100) as number) ^ 1
    await expect(whole(originalOf(pieces(changed), 'aes256gcm:k1', keyOf))).rejects.toThrow('was changed')
    const other = { ...KEY, bytes: randomBytes(32) }
    await expect(whole(originalOf(pieces(stored), 'aes256gcm:k1', () => other))).rejects.toThrow(
      'was changed',
    )
    await expect(whole(originalOf(pieces(stored), 'aes256gcm:k1', () => undefined))).rejects.toThrow(
      'needs the key "k1"',
    )
  },
)

/** Yields random bytes, and fails after some pieces. */
async function* failing(count: number): AsyncGenerator<Buffer> {
  for (let index = 0; index < count; index++) yield randomBytes(200_000)
  throw new Error('the disk is gone')
}

test.each(['gzip', 'zstd'] as const)(
  'an error of content that is packed by %s reaches the reader',
  async (packing) => {
    const form = contentForm(packing, undefined) as ContentForm
    for (const count of [0, 1, 20]) {
      const packed = form.apply(failing(count), '/a', 'sha')
      // A content that is read at once would fail now, while nobody listens.
      await setTimeout(20)
      await expect(whole(packed)).rejects.toThrow('the disk is gone')
    }
  },
)

test('a file is packed and encrypted on its way, verified as it stands there, deleted, and restored', async () => {
  const folder = folderWith({ key: `${'0f'.repeat(32)}\n` })
  const fixture = new ShipFixture(
    temporaryFolder(),
    [
      { ...APP_LOGS, compress: 'zstd', encrypt: 'k1' },
      { ...APP_LOGS, name: 'plain', manta_path: '/plain/$1', compress: 'gzip' },
    ],
    { encryption_keys: { k1: join(folder, 'key') } },
  )
  const text = 'alpha\n'.repeat(1000)
  fixture.write('/srv/a.log', text, 1)
  fixture.write('/srv/empty.log', '', 1)
  expect(await fixture.pass(3600)).toMatchObject([
    { target: '/app/a.zst.enc', uploaded: true, deleted: true },
    { target: '/plain/a.gz', uploaded: true, deleted: true },
    { note: 'empty', deleted: true },
    { note: 'empty', deleted: true },
  ])
  expect(fixture.local('/srv/a.log')).toBeUndefined()
  expect(gunzipSync(readFileSync(join(fixture.store, 'plain/a.gz'))).toString()).toBe(text)
  const run = (...args: readonly string[]) => runInProcess('stv3', ['ship', ...args, '-c', fixture.file])
  expect((await run('verify')).stdout).toBe('2 of 2 objects are as they were shipped\n')
  const output = join(folder, 'restored')
  expect((await run('restore', '/app/a.zst.enc', '--output', output)).stdout).toContain('as it was shipped')
  expect(readFileSync(output, 'utf8')).toBe(text)
  const raw = await run('restore', '/app/a.zst.enc', '--raw', '--output', `${output}.raw`)
  expect(raw.stdout).toContain('as it was shipped')
  expect(readFileSync(`${output}.raw`).subarray(0, 8).toString()).toBe('STV3AES1')
  writeFileSync(join(fixture.store, 'plain/a.gz'), 'x')
  expect((await run('verify')).code).toBe(1)
  const none = new ShipFixture(temporaryFolder(), [{ ...APP_LOGS, encrypt: 'k2' }])
  const { stdout } = await runInProcess('stv3', ['ship', 'check', '-c', none.file])
  expect(stdout).toContain('its key "k2" is none of encryption_keys')
})

test('of an object that was changed in the store nothing is left here', async () => {
  const folder = folderWith({ key: '0f'.repeat(32) })
  const fixture = new ShipFixture(temporaryFolder(), [{ ...APP_LOGS, encrypt: 'k1' }], {
    encryption_keys: { k1: join(folder, 'key') },
  })
  fixture.write('/srv/a.log', randomBytes(200_000), 1)
  await fixture.pass(3600)
  const stored = join(fixture.store, 'app/a.enc')
  const bytes = readFileSync(stored)
  bytes[bytes.length - 50] = (bytes.at(-50) as number) ^ 1
  writeFileSync(stored, bytes)
  const { code, stderr } = await runInProcess('stv3', [
    ...['ship', 'restore', '/app/a.enc', '-c', fixture.file, '--output', join(folder, 'restored')],
  ])
  expect([code, stderr]).toEqual([1, expect.stringContaining('was changed')])
  expect(readdirSync(folder)).toEqual(['key'])
})

/** Makes a journal of the first version, with one entry. */
function oldJournal(file: string): void {
  const old = new DatabaseSync(file)
  old.exec(`create table entry (
  set_name text not null, path blob not null, target text not null, key text not null,
  identity text not null, size integer not null, sha256 text not null, md5 text not null, revision text not null,
  state text not null, tries integer not null, error text not null, at integer not null,
  primary key (set_name, path, target, key)
) without rowid;
create table leaving (path blob primary key, aside blob not null) without rowid;
insert into entry values ('app', x'2f61', 't', '/a', 'i', 5, 's', 'm', 'r', 'verified', 1, '', 7);
pragma user_version = 1`)
  old.close()
}

test('a journal of the first version is brought up to date by an agent, and left as it is by a reader', () => {
  const file = join(temporaryFolder(), 'ship.db')
  oldJournal(file)
  const before = readFileSync(file)
  expect(() => Journal.openToRead(file)).toThrow(
    `${file} is of an earlier version of stv3 (1); stv3 ship of this version brings it up to date when it starts`,
  )
  expect(readFileSync(file).equals(before)).toBe(true)
  Journal.open(file).close()
  const journal = Journal.openToRead(file)
  expect([...journal.stored()]).toMatchObject([{ set: 'app', key: '/a', form: '', sha256: 's' }])
  journal.close()
  const later = new DatabaseSync(file)
  later.exec('pragma user_version = 99')
  later.close()
  for (const open of [Journal.open, Journal.openToRead])
    expect(() => open(file)).toThrow('is of a later version of stv3 (99); use that one')
})

test('a journal that another agent has is left as it is', async () => {
  const fixture = new ShipFixture(temporaryFolder(), [APP_LOGS])
  const config = await fixture.config()
  oldJournal(config.journal)
  const lock = FileLock.take(`${config.journal}.lock`)
  const before = readFileSync(config.journal)
  const options = { logger: silentLogger, clock: Date.now }
  await expect(openShip(config, options)).rejects.toThrow('the journal of another stv3 ship')
  expect(readFileSync(config.journal).equals(before)).toBe(true)
  lock?.release()
  await (await openShip(config, options)).close()
})

test('what is no journal is not read as one', () => {
  const folder = folderWith({ empty: '', text: 'x'.repeat(5000) })
  expect(() => Journal.openToRead(join(folder, 'missing'))).toThrow('there is no journal')
  expect(() => Journal.openToRead(join(folder, 'empty'))).toThrow('is of no version of stv3 (0)')
  expect(() => Journal.openToRead(join(folder, 'text'))).toThrow('cannot use the journal')
})

const YAGI = `[consumers]
queues = q
[consumer:q]
apps = yagi.handler.shoebox_handler.ShoeboxHandler
[rabbit_broker]
url = amqp://localhost
[shoebox]
working_directory = work
destination_folder = done
filename_template = n_%Y.json
archive_days = 1
`

/** A host in whose configuration an archive may be named. */
function archiveHost(more: object = {}): { readonly host: ShipFixture; readonly done: string } {
  const folder = temporaryFolder()
  const done = join(folder, 'done')
  mkdirSync(done)
  writeFileSync(join(folder, 'yagi.conf'), YAGI)
  return { host: new ShipFixture(folder, [], { root: '/', host: { node: 'n1' }, ...more }), done }
}

test('an archive that is named at a reload has its files marked from then on', async () => {
  const { host, done } = archiveHost()
  writeFileSync(join(done, 'n_2020.json'), 'x')
  utimesSync(join(done, 'n_2020.json'), 1, 1)
  const ship = await openShip(await host.config(), { logger: silentLogger, clock: Date.now })
  const settings = JSON.parse(readFileSync(host.file, 'utf8'))
  writeFileSync(host.file, JSON.stringify({ ...settings, archive: { config: 'yagi.conf' } }))
  await ship.useConfig(await host.config())
  await ship.agent.pass()
  expect(readdirSync(done).sort()).toEqual(['.n_2020.json.in-store', '.stv3-ships', 'n_2020.json'])
  await ship.close()
})

test('what belongs to a file of an archive goes with it, and what was left of others at the start', async () => {
  const { host, done } = archiveHost({ archive: { config: 'yagi.conf', retain_time: 3600 } })
  const marks = ['index', 'shipped', 'in-store']
  for (const mark of marks)
    for (const name of ['n_2018.json', 'n_2020.json']) writeFileSync(join(done, `.${name}.${mark}`), '')
  writeFileSync(join(done, 'n_2020.json'), 'x')
  utimesSync(join(done, 'n_2020.json'), 1, 1)
  const ship = await openShip(await host.config(), { logger: silentLogger, clock: Date.now })
  expect(readdirSync(done).filter((name) => name.includes('2018'))).toEqual([])
  await ship.agent.pass()
  expect(readdirSync(done)).toEqual(['.stv3-ships'])
  await ship.close()
})

test('the archive is shipped, and its retention waits for that', async () => {
  const { host, done } = archiveHost({ archive: { config: 'yagi.conf', compress: 'gzip' } })
  const write = (name: string, age: number) => {
    writeFileSync(join(done, name), name)
    const time = Date.now() / 1000 - age
    utimesSync(join(done, name), time, time)
  }
  for (const name of ['n_2020.json', '.n_2021.json.part']) write(name, 100 * 86_400)
  const retention = (now = Date.now()) =>
    new Retention({
      ...{ folder: done, filenameTemplate: 'n_%Y.json', days: 1, mustBeShipped: false },
      ...{ logger: silentLogger, now: () => now, machineNow: () => 0 },
    }).step()
  const run = () => runInProcess('stv3', ['ship', 'run', '--once', '-c', host.file, '--log-level', 'error'])
  expect(await run()).toMatchObject({ code: 0, stderr: '' })
  expect(gunzipSync(readFileSync(join(host.store, 'archive/n1/n_2020.json.gz'))).toString()).toBe(
    'n_2020.json',
  )
  write('n_2019.json', 50 * 86_400)
  write('n_2022.json', 0)
  await retention()
  const left = readdirSync(done).filter((name) => !name.startsWith('.'))
  expect(left.sort()).toEqual(['n_2019.json', 'n_2022.json'])
  expect((await run()).code).toBe(0)
  await retention()
  expect(readdirSync(done).filter((name) => !name.startsWith('.'))).toEqual(['n_2022.json'])
  expect(readdirSync(done).filter((name) => name.endsWith('.in-store'))).toEqual([])
})
