import { mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openShip } from '../../../src/assembly/ship/open-ship.ts'
import type { ObjectTarget } from '../../../src/objects/target.ts'
import { silentLogger } from '../../../src/runtime/logger.ts'
import { reportOf } from '../../../src/ship/central/report-of.ts'
import { Bandwidth } from '../../../src/ship/limits/bandwidth.ts'
import { isWithin, parseDaySpan } from '../../../src/ship/limits/day-span.ts'
import { DiskPressure } from '../../../src/ship/limits/disk-pressure.ts'
import { limitTarget } from '../../../src/ship/limits/limited-target.ts'
import { temporaryFolder } from '../../support/folders.ts'
import { runInProcess } from '../../support/run-in-process.ts'
import { APP_LOGS, ShipFixture } from '../../support/ship/ship-fixture.ts'
import { pieces } from '../../support/ship/target-contract.ts'
import { until } from '../../support/until.ts'

const HOUR = 3600
const at = (time: string) => Date.parse(`2026-11-30T${time}:00Z`)

test.each([
  ['08:00-18:00', '08:00', true],
  ['08:00-18:00', '17:59', true],
  ['08:00-18:00', '18:00', false],
  ['22:00-06:00', '23:00', true],
  ['22:00-06:00', '05:59', true],
  ['22:00-06:00', '06:00', false],
  ['00:00-24:00', '12:00', true],
])('%s at %s: %s', (span, time, expected) => {
  expect(isWithin(parseDaySpan(span), at(time))).toBe(expected)
})

test('uploads together keep to the bandwidth of the time', async () => {
  let now = at('12:00')
  const timetable = [{ span: parseDaySpan('08:00-18:00'), bytesPerS: 1_000_000 }]
  const bandwidth = new Bandwidth(timetable, () => now)
  const begin = performance.now()
  await Promise.all([1, 2, 3, 4].map(() => bandwidth.take(100_000)))
  // The first passes at once, and each of the others when the ones before are paid for.
  expect(performance.now() - begin).toBeGreaterThanOrEqual(295)
  now = at('20:00')
  const free = performance.now()
  for (let count = 0; count < 100; count++) await bandwidth.take(100_000)
  expect(performance.now() - free).toBeLessThan(5000)
})

const never = new Promise<never>(() => {})

function target(create: ObjectTarget['create']): ObjectTarget {
  const none = async () => undefined
  return {
    name: 'test',
    create,
    head: none,
    verify: async () => ({ kind: 'missing' }),
    read: () => pieces(Buffer.alloc(0)),
    remove: async () => false,
    close: none,
  }
}

const DIGEST = { size: 1, sha256: '', md5: '' }

test('an upload that stalls, or takes too long, is given up; the exchange ends at its next piece', async () => {
  const stalling = limitTarget(
    target(() => never),
    { stallMs: 50 },
  )
  await expect(stalling.create('/a', pieces(Buffer.from('a')), DIGEST)).rejects.toThrow(
    'nothing moved for 0.05 s',
  )
  let ended: unknown
  const slow = target(async (_, content) => {
    try {
      for await (const _piece of content) await new Promise((resolve) => setTimeout(resolve, 30))
    } catch (error) {
      ended = error
    }
    return 'created'
  })
  const limited = limitTarget(slow, { stallMs: 10_000, totalMs: 100 })
  await expect(limited.create('/a', pieces(Buffer.alloc(100_000), 100), DIGEST)).rejects.toThrow(
    'took more than 0.1 s',
  )
  await expect.poll(() => ended).toMatchObject({ message: expect.stringContaining('more than 0.1 s') })
  const quick = limitTarget(
    target(async () => 'exists'),
    { stallMs: 50, totalMs: 50 },
  )
  expect(await quick.create('/a', pieces(Buffer.from('a')), DIGEST)).toBe('exists')
})

test('where space is short, what is in the store is deleted before its time, the oldest first, and nothing else', async () => {
  const fixture = new ShipFixture(temporaryFolder(), [{ ...APP_LOGS, retain_time: 100 * HOUR }])
  for (const [name, hour] of [
    ['c', 3],
    ['a', 1],
    ['b', 2],
  ] as const)
    fixture.write(`/srv/${name}.log`, name, hour * HOUR)
  fixture.write('/srv/young.log', 'young', 10 * HOUR - 1)
  // Each of the files takes 4 per cent of the disk.
  const used = () => 80 + 4 * ['a', 'b', 'c', 'young'].filter((name) => isThere(fixture, name)).length
  const pressure = new DiskPressure({ high: 90, low: 88 }, used)
  const outcomes = await fixture.pass(10 * HOUR, 4, { pressure })
  const told = outcomes.map(({ path, decision, deleted = false }) => [path.slice(-5), decision, deleted])
  expect(told.sort()).toEqual([
    ['a.log', 'done', true],
    ['b.log', 'done', true],
    ['c.log', 'done', false],
    ['g.log', 'too_young', false],
  ])
  expect(fixture.object('/app/a')).toBe('a')
})

test('what could not be shipped stays, however short space is', async () => {
  const fixture = new ShipFixture(temporaryFolder(), [APP_LOGS, { ...APP_LOGS, name: 'x', no_upload: true }])
  fixture.write('/srv/a.log', 'alpha', 1)
  writeFileSync(join(fixture.store, 'app'), 'in the way')
  const pressure = new DiskPressure({ high: 1, low: 1 }, () => 100)
  const [outcome] = await fixture.pass(10 * HOUR, 1, { pressure })
  expect(outcome).toMatchObject({ decision: 'failed' })
  expect(fixture.local('/srv/a.log')).toBe('alpha')
})

function isThere(fixture: ShipFixture, name: string): boolean {
  return fixture.local(`/srv/${name}.log`) !== undefined
}

test('outside of its times nothing is uploaded, and what is shipped is deleted all the same', async () => {
  const fixture = new ShipFixture(temporaryFolder(), [{ ...APP_LOGS, retain_time: HOUR }], {
    upload_times: ['22:00-02:00'],
  })
  fixture.write('/srv/a.log', 'alpha', HOUR / 2)
  expect(await fixture.pass(HOUR * 1.5)).toMatchObject([{ decision: 'done', uploaded: true }])
  fixture.write('/srv/b.log', 'beta', HOUR)
  const day = await fixture.pass(HOUR * 12)
  const told = day.map(({ path, decision, deleted = false }) => [path.slice(-5), decision, deleted])
  expect(told.sort()).toEqual([
    ['a.log', 'done', true],
    ['b.log', 'due', false],
  ])
  expect(await fixture.pass(HOUR * 23)).toMatchObject([{ decision: 'done', uploaded: true, deleted: true }])
})

test('what could not be shipped is tried again when its times come', async () => {
  const fixture = new ShipFixture(temporaryFolder(), [{ ...APP_LOGS, retain_time: 1000 * HOUR }], {
    upload_times: ['00:00-02:00'],
  })
  fixture.write('/srv/a.log', 'alpha', 1)
  const inTheWay = join(fixture.store, 'app')
  writeFileSync(inTheWay, '')
  let now = HOUR
  const options = { logger: silentLogger, clock: () => now * 1000 }
  const { agent, close } = await openShip(await fixture.config(), options)
  expect(await agent.pass()).toBe(false)
  rmSync(inTheWay)
  for (now of [12 * HOUR, 25 * HOUR]) await agent.pass()
  expect(fixture.object('/app/a')).toBe('alpha')
  await close()
})

/** Returns how often this process has a folder open. */
function timesOpen(folder: string): number {
  const linked = (descriptor: string) => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`)
    } catch {
      return undefined
    }
  }
  return readdirSync('/proc/self/fd').filter((one) => linked(one) === folder).length
}

test('other settings count at once, for files that rest too, and hold nothing of the last ones open', async () => {
  const fixture = new ShipFixture(temporaryFolder(), [{ ...APP_LOGS, retain_time: 1000 * HOUR }])
  fixture.write('/srv/a.log', 'alpha', 1)
  const config = await fixture.config()
  const ship = await openShip(config, { logger: silentLogger, clock: () => HOUR * 1000 })
  // The second look finds nothing to do, and lets the file rest.
  for (let count = 0; count < 2; count++) await ship.agent.pass()
  const broken = { ...config, encryptionKeys: { k1: join(fixture.root, 'missing') } }
  await expect(ship.useConfig(broken)).rejects.toThrow('missing')
  expect(timesOpen(fixture.store)).toBe(1)
  writeFileSync(
    fixture.file,
    JSON.stringify({ ...JSON.parse(readFileSync(fixture.file, 'utf8')), log_sets: [APP_LOGS] }),
  )
  await ship.useConfig(await fixture.config())
  expect(timesOpen(fixture.store)).toBe(1)
  await ship.agent.pass()
  expect(fixture.local('/srv/a.log')).toBeUndefined()
  await ship.close()
  expect(timesOpen(fixture.store)).toBe(0)
})

test('of a file that is never due, as it has no date, no time is told', async () => {
  const dated = { ...APP_LOGS, regex: '^/srv/(.+)\\.log$', date_string: { y: '$1', m: '$1', d: '$1' } }
  const fixture = new ShipFixture(temporaryFolder(), [dated])
  fixture.write('/srv/x.log', 'alpha', 1)
  const ship = await openShip(await fixture.config(), { logger: silentLogger, clock: Date.now })
  await ship.agent.pass()
  const { oldest, errors } = reportOf(ship.agent.state)
  expect(errors).toEqual({ no_date: 1 })
  expect(oldest).toMatchObject({ path: fixture.path('/srv/x.log'), due_at: null })
  await ship.close()
})

test('a file that comes, or becomes due, between two looks is seen at once', async () => {
  const fixture = new ShipFixture(temporaryFolder(), [{ ...APP_LOGS, debounce_time: 1 }], { interval: 3600 })
  fixture.write('/srv/a.log', 'alpha', 1)
  const config = await fixture.config()
  const { agent, close } = await openShip(config, { logger: silentLogger, clock: Date.now })
  await agent.start()
  await until('the first file to be gone', () => fixture.local('/srv/a.log') === undefined)
  fixture.write('/srv/b.log', 'beta', 1)
  fixture.write('/srv/young.log', 'young', Date.now() / 1000 + 1)
  await until('the others to be gone', () => !isThere(fixture, 'b') && !isThere(fixture, 'young'))
  expect(agent.state.counters.passes).toBeLessThan(10)
  await agent.stop()
  await close()
})

test('folders that match the root of a pattern are zones, each by its name', async () => {
  const folder = temporaryFolder()
  const machines = join(folder, 'machines')
  const logs = { ...APP_LOGS, manta_path: '/%z/%n/%r/$1', zones: ['web'] }
  const fixture = new ShipFixture(folder, [logs, { ...APP_LOGS, name: 'db', zones: ['db'] }], {
    ...{ root: '/', zones: [{ role: 'web', root: `${machines}/*/rootfs` }], host: { groups: ['db'] } },
  })
  for (const name of ['one', 'two']) {
    mkdirSync(join(machines, name, 'rootfs/srv'), { recursive: true })
    writeFileSync(join(machines, name, 'rootfs/srv/a.log'), name)
  }
  const { code } = await runInProcess('stv3', [
    ...['ship', 'run', '--once', '-c', fixture.file, '--now', '2099-01-01T00:00:00'],
    ...['--log-level', 'error'],
  ])
  expect(code).toBe(0)
  expect([fixture.object('/one/one/web/a'), fixture.object('/two/two/web/a')]).toEqual(['one', 'two'])
})
