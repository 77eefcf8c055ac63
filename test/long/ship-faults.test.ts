import { execFileSync } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from 'vitest'
import { runProgram } from '../../sandbox/servers/child-program.ts'
import { freePort } from '../../sandbox/servers/server-process.ts'
import { openShip } from '../../src/assembly/ship/open-ship.ts'
import { loadShip } from '../../src/config/load/load-ship.ts'
import { openS3Target } from '../../src/objects/s3/s3-target.ts'
import { createSwiftTarget } from '../../src/objects/swift/swift-target.ts'
import { silentLogger } from '../../src/runtime/logger.ts'
import type { Outcome } from '../../src/ship/agent/file-job.ts'
import { type OutcomeForm, outcomeForm } from '../../src/ship/agent/outcome-form.ts'
import { ShipProxy } from '../../src/ship/proxy/ship-proxy.ts'
import { Authority } from '../support/certificates.ts'
import { temporaryFolder } from '../support/folders.ts'
import { FaultyStore, type StoreFault } from '../support/ship/faulty-store.ts'
import { APP_LOGS, ShipFixture } from '../support/ship/ship-fixture.ts'
import { SwiftServer } from '../support/ship/swift-server.ts'

// A real Swift, whose s3api is the S3, behind a proxy that fails. Retention is over at once: each upload would be deleted here.

const folder = mkdtempSync(join(tmpdir(), 'stacktach-long-'))
let swift: SwiftServer
let store: FaultyStore

beforeAll(async () => {
  swift = await SwiftServer.start(folder)
  await swift.makeContainer('bucket-1')
  writeFileSync(join(folder, 'secret'), 'testing\n', { mode: 0o600 })
  store = await FaultyStore.start(swift.url)
})

afterEach(() => {
  store.fault = undefined
})

afterAll(async () => {
  await store?.stop()
  await swift?.stop()
  rmSync(folder, { recursive: true, force: true })
})

const HOUR = 3600
const CONTENT = randomBytes(300_000)

function settings(kind: 'swift' | 's3', url: string): object {
  const common = { secret_file: join(folder, 'secret'), prefix: 'objects' }
  return kind === 'swift'
    ? { kind, ...common, auth_url: `${url}/auth/v1.0`, user: 'test:tester', container: 'bucket-1' }
    : { kind, ...common, endpoint: url, access_key: 'test:tester', bucket: 'bucket-1' }
}

/** A host whose target is the store that fails. */
function host(kind: 'swift' | 's3', id: string): ShipFixture {
  return new ShipFixture(temporaryFolder(), [{ ...APP_LOGS, manta_path: `/${id}/$1`, target: 'faulty' }], {
    targets: { faulty: settings(kind, store.url) },
    stall_timeout: 1,
  })
}

async function pass(fixture: ShipFixture, now: number): Promise<readonly OutcomeForm[]> {
  const { config, findings } = await loadShip(fixture.file)
  if (!config) throw new Error(JSON.stringify(findings))
  const told: Outcome[] = []
  const tell = (outcome: Outcome) => void told.push(outcome)
  const { agent, close } = await openShip(config, { logger: silentLogger, clock: () => now * 1000, tell })
  try {
    await agent.pass()
  } finally {
    await close()
  }
  return told.map(outcomeForm)
}

/** Returns what the store has, asked without the proxy; undefined where it has nothing. */
async function stored(kind: 'swift' | 's3', key: string): Promise<Buffer | undefined> {
  const own = settings(kind, swift.url)
  const target = kind === 'swift' ? createSwiftTarget(own as never) : await openS3Target(own as never)
  try {
    if ((await target.head(key)) === undefined) return undefined
    const parts: Buffer[] = []
    for await (const part of target.read(key)) parts.push(Buffer.from(part))
    return Buffer.concat(parts)
  } finally {
    await target.close()
  }
}

const FAULTS: readonly StoreFault[] = ['unavailable', 'stall', 'lie', 'close', 'forget']
const CASES = (['swift', 's3'] as const).flatMap((kind) => FAULTS.map((fault) => [kind, fault] as const))

test.each(CASES)('%s that does %s costs no file, and has it when it works again', async (kind, fault) => {
  const id = randomUUID()
  const fixture = host(kind, id)
  fixture.write('/srv/a.log', CONTENT, HOUR)
  store.fault = fault
  store.faults = 0
  const [first] = await pass(fixture, 3 * HOUR)
  expect(store.faults).toBeGreaterThan(0)
  store.fault = undefined
  const isHere = fixture.local('/srv/a.log') !== undefined
  // A false checksum of S3 has the object read back, which is there.
  expect(isHere).toBe(!(kind === 's3' && fault === 'lie'))
  if (isHere) expect(first).toMatchObject({ decision: 'failed' })
  if (!isHere) expect((await stored(kind, `/${id}/a`))?.equals(CONTENT)).toBe(true)
  await pass(fixture, 6 * HOUR)
  await pass(fixture, 9 * HOUR)
  expect(fixture.local('/srv/a.log')).toBeUndefined()
  expect((await stored(kind, `/${id}/a`))?.equals(CONTENT)).toBe(true)
  expect(fixture.aside('/srv')).toEqual([])
})

test.each(['swift', 's3'] as const)('%s behind a proxy that dies costs no file', async (kind) => {
  // To 127.0.0.1 no proxy leads.
  const authority = new Authority(temporaryFolder(), 'store')
  const files = authority.sign('store', 'IP:127.0.0.2')
  const tls = { cert: readFileSync(files.cert), key: readFileSync(files.key) }
  const away = await FaultyStore.start(swift.url, '127.0.0.2', tls)
  const { hostname: host, port } = new URL(away.url)
  const start = async (listen: number) => {
    const backends = [{ host, port: Number(port) }]
    const proxy = new ShipProxy({ listen: { host: '127.0.0.1', port: listen }, backends }, silentLogger)
    await proxy.start()
    return proxy
  }
  const id = randomUUID()
  const sets = [{ ...APP_LOGS, manta_path: `/${id}/$1`, target: 'away' }]
  const fixture = new ShipFixture(temporaryFolder(), sets, { targets: { away: settings(kind, away.url) } })
  const listen = await freePort()
  const first = await start(listen)
  const env = { HTTPS_PROXY: `http://127.0.0.1:${listen}`, NODE_EXTRA_CA_CERTS: authority.ca }
  const run = (now: number) => {
    const at = new Date(now * 1000).toISOString().slice(0, 19)
    return runProgram('stv3', ['ship', '-c', fixture.file, '--once', '--now', at, '--log-level', 'warn'], env)
  }
  fixture.write('/srv/a.log', CONTENT, HOUR)
  expect(await run(3 * HOUR)).toMatchObject({ code: 0, stderr: '' })
  expect(fixture.local('/srv/a.log')).toBeUndefined()
  expect(first.backends[0]?.counters.bytesOut).toBeGreaterThan(CONTENT.length)
  await first.stop()
  fixture.write('/srv/b.log', CONTENT, HOUR)
  expect(await run(4 * HOUR)).toMatchObject({ code: 1 })
  expect(fixture.local('/srv/b.log')).toBe(CONTENT.toString('latin1'))
  const second = await start(listen)
  expect(await run(8 * HOUR)).toMatchObject({ code: 0, stderr: '' })
  expect((await stored(kind, `/${id}/b`))?.equals(CONTENT)).toBe(true)
  await second.stop()
  await away.stop()
})

test('a full disk of the target, or of the journal, costs no file', async () => {
  const small = join(temporaryFolder(), 'small')
  mkdirSync(small)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=200k', 'tmpfs', small])
  onTestFinished(() => void execFileSync('umount', ['-l', small]))
  const fixture = new ShipFixture(temporaryFolder(), [APP_LOGS], {
    targets: { store: { kind: 'file', folder: small } },
    // Several at once would take the space from each other.
    parallel: 1,
  })
  fixture.write('/srv/a.log', CONTENT, HOUR)
  fixture.write('/srv/b.log', 'beta', HOUR)
  const outcomes = await pass(fixture, 3 * HOUR)
  const told = outcomes.map(({ path, decision, error }) => [path.slice(-5), decision, error])
  expect(told.sort()).toEqual([
    ['a.log', 'failed', expect.stringContaining('ENOSPC')],
    ['b.log', 'done', null],
  ])
  expect(fixture.local('/srv/a.log')).toBe(CONTENT.toString('latin1'))
  expect(readdirSync(join(small, '.stv3-partial'))).toEqual([])

  const full = new ShipFixture(temporaryFolder(), [APP_LOGS], { journal: join(small, 'ship.db') })
  full.write('/srv/c.log', 'gamma', HOUR)
  execFileSync('sh', ['-c', `dd if=/dev/zero of=${small}/fill bs=1k 2>/dev/null || true`])
  await expect(pass(full, 3 * HOUR)).rejects.toThrow(/full|ENOSPC|journal|space/)
  expect(full.local('/srv/c.log')).toBe('gamma')
  rmSync(join(small, 'fill'))
  await pass(full, 6 * HOUR)
  expect([full.local('/srv/c.log'), full.object('/app/c')]).toEqual([undefined, 'gamma'])
})
