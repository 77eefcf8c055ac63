import { createHash } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { RunningCentral } from '../../../src/assembly/ship/running-central.ts'
import { loadShipServer, type ShipServerConfig } from '../../../src/config/load/load-ship-server.ts'
import { createHttpService } from '../../../src/http/http-service.ts'
import { silentLogger } from '../../../src/runtime/logger.ts'
import type { LinkTimes } from '../../../src/ship/central/host-link.ts'
import { readInventory } from '../../../src/ship/central/inventory.ts'
import { PROTOCOL } from '../../../src/ship/central/messages.ts'
import { folderWith, temporaryFolder } from '../../support/folders.ts'
import { runInProcess } from '../../support/run-in-process.ts'
import { until } from '../../support/until.ts'
import { loadVectors } from '../../support/vectors.ts'

type Vector = {
  readonly id: string
  readonly kind: string
  readonly cat: string
  // biome-ignore lint/suspicious/noExplicitAny: each kind has its own shape
  readonly in: any
  // biome-ignore lint/suspicious/noExplicitAny: each kind has its own shape
  readonly out: any
  readonly fault?: string
  readonly wanted?: { readonly error?: string; readonly state?: string } | string
}

const VECTORS = loadVectors<readonly Vector[]>('ship.json')

function of(kind: string): (readonly [string, Vector])[] {
  return VECTORS.filter((vector) => vector.kind === kind).map((vector) => [vector.id, vector] as const)
}

test.each(of('zones'))('%s', (_, { in: given, out, wanted }) => {
  const { sapi_error } = given.cloud
  const { isReady, zones, errors } = readInventory(given.cloud)
  expect(isReady).toBe(out.ready)
  const found = given.hosts.map((host: string) => [host, zones.get(host) ?? []])
  expect(Object.fromEntries(found)).toEqual(out.zones)
  expect(errors).toHaveLength(out.errors?.length ?? 0)
  if (wanted !== undefined) expect(errors).toEqual([`sapi_error: ${sapi_error}`])
})

test('a zone that is not known costs the others nothing, and the zones of before stay when the inventory is broken', async () => {
  const vms = { z1: { server_uuid: 'h1', state: 'running' }, z3: { server_uuid: 'h1', state: 'failed' } }
  const inventory = { services: [{ name: 'web', instances: ['z1', 'z2', 'z3'] }], vms }
  const { isReady, zones, errors } = readInventory(inventory)
  expect({ isReady, zones: [...zones] }).toEqual({
    isReady: true,
    zones: [['h1', [{ uuid: 'z1', role: 'web' }]]],
  })
  expect(errors).toEqual(['zone z2 of web: there is no such machine'])
})

test.each([...of('server_config'), ...of('proxy_config')])(
  '%s',
  async (_, { kind, in: given, out, wanted }) => {
    const name = kind === 'server_config' ? 'config.json' : 'proxy.json'
    const folder = folderWith(given.absent ? {} : { [name]: given.text ?? JSON.stringify(given.config) })
    for (const [key, value] of Object.entries(given.env ?? {})) vi.stubEnv(key, value as string)
    onTestFinished(() => void vi.unstubAllEnvs())
    const command = kind === 'server_config' ? 'ship-server' : 'ship-proxy'
    const { code, stdout } = await runInProcess('stv3', [
      ...[command, 'check', '-c', join(folder, name), '--json'],
    ])
    const findings = stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]))
    const errors = findings.filter(({ severity }) => severity === 'error')
    const desired = typeof wanted === 'object' ? wanted : {}
    const state = desired.error ? 'error' : (desired.state ?? out.state)
    if (state === 'started') {
      expect({ code, errors }).toEqual({ code: 0, errors: [] })
      return
    }
    expect(code).toBe(1)
    const [, key] = /"(.+)"/.exec(out.says ?? '') ?? []
    if (given.text === undefined && key !== undefined && wanted === undefined)
      expect(errors.map(({ path }) => path)).toContain(key)
    expect(errors.length).toBeGreaterThan(0)
    // What is missing is named, and nothing else.
    if (given.text === undefined && Object.hasOwn(given, 'config'))
      expect(errors.map(({ path }) => path).filter((path) => path === '')).toEqual([])
  },
)

const HOST = 'host-1'
const TOKEN = 'token-of-host-1'
const SETS = [
  { name: 'app', search_dirs: ['/srv'], regex: '^/srv/(.+)$', manta_path: '/%u/$1', zones: ['global'] },
  {
    ...{ name: 'web', search_dirs: ['/var/log/web'], regex: '^/var/log/web/(.+)$' },
    ...{ manta_path: '/%u/%z/$1', retain_time: 60, zones: ['web'] },
  },
]
const ZONE = 'aaaaaaaa-0000-4000-8000-000000000001'
const INVENTORY = {
  services: [{ name: 'web', instances: [ZONE] }],
  vms: { [ZONE]: { server_uuid: HOST, state: 'running' } },
}
const TIMES = { heartbeatMs: 8000, silenceMs: 1000, closeMs: 200 }

class TestServer {
  readonly running: RunningCentral
  readonly folder: string
  readonly url: string
  readonly config: ShipServerConfig

  private constructor(running: RunningCentral, folder: string, url: string, config: ShipServerConfig) {
    this.running = running
    this.folder = folder
    this.url = url
    this.config = config
  }

  static async start(host: object = {}, times: Partial<LinkTimes> = TIMES): Promise<TestServer> {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'inventory.json'), JSON.stringify(INVENTORY))
    const file = join(folder, 'ship-server.json')
    writeFileSync(file, JSON.stringify(settings(host)))
    const config = await load(file)
    const running = await RunningCentral.open(config, silentLogger, times)
    const { upgrade: onUpgrade } = running.central
    const service = createHttpService(() => {}, { host: '127.0.0.1', port: 0 }, '', { onUpgrade })
    await service.start()
    await running.start()
    onTestFinished(async () => {
      await running.stop()
      await service.stop()
    })
    return new TestServer(running, folder, `ws://127.0.0.1:${service.address().port}/attach`, config)
  }

  /** Reads the configuration of a host again, with other settings. */
  async change(host: object, sets: readonly object[] = SETS): Promise<void> {
    writeFileSync(this.config.file, JSON.stringify({ ...settings(host), log_sets: sets }))
    await this.running.use(await load(this.config.file))
  }
}

function settings(host: object): object {
  const token_sha256 = createHash('sha256').update(TOKEN).digest('hex')
  return {
    ...{ datacenter: 'eu-1', user: 'ops', inventory: 'inventory.json', log_sets: SETS },
    targets: { store: { kind: 's3', bucket: 'b', access_key: 'AK', secret_file: '/etc/none', prefix: 'p' } },
    hosts: { [HOST]: { token_sha256, ...host } },
  }
}

async function load(file: string): Promise<ShipServerConfig> {
  const { config, findings } = await loadShipServer(file, {})
  if (!config) throw new Error(JSON.stringify(findings))
  return config
}

/** An agent that sends what a test has it send. */
class Agent {
  readonly socket: WebSocket
  // biome-ignore lint/suspicious/noExplicitAny: messages of several types
  readonly got: any[] = []
  closed: { readonly code: number; readonly reason: string } | undefined

  constructor({ url }: TestServer, token = TOKEN) {
    this.socket = new WebSocket(url, { headers: { authorization: `Bearer ${token}` } })
    this.socket.on('message', (data) => this.got.push(JSON.parse(String(data))))
    this.socket.on('error', () => {})
    this.socket.on('close', (code, reason) => {
      this.closed = { code, reason: String(reason) }
    })
    onTestFinished(() => this.socket.terminate())
  }

  async send(...messages: readonly (object | string)[]): Promise<this> {
    await until('the connection', () => this.socket.readyState !== WebSocket.CONNECTING)
    for (const one of messages) this.socket.send(typeof one === 'string' ? one : JSON.stringify(one))
    return this
  }

  /** Says who it is, and waits for its configuration. */
  async connect(): Promise<this> {
    await this.send(identify())
    await until('the configuration', () => this.types.includes('targets'))
    return this
  }

  get types(): string[] {
    return this.got.map(({ type }) => type)
  }
}

function identify(given: { known?: boolean; version?: string; without?: string } = {}): object {
  const { known = true, version = 'right', without } = given
  const message = {
    type: 'identify',
    ...{ server_uuid: known ? HOST : 'unknown', deployed_version: version === 'right' ? PROTOCOL : 'x' },
    pid: 1,
  }
  return without === undefined ? message : { ...message, [without]: undefined }
}

const pushes: { readonly [cat: string]: (vector: Vector) => Promise<void> } = {
  async handshake({ in: given, out, wanted }) {
    const agent = new Agent(await TestServer.start())
    await agent.send(given.identify ? identify(given.identify) : 'no JSON')
    if (out.after_the_full_minute) {
      await until('the configuration', () => agent.types.includes('targets'))
      const [configuration, logsets] = out.after_the_full_minute
      const [first, second, third, fourth, fifth] = agent.got
      expect([first, second]).toEqual(out.at_once)
      expect(third).toMatchObject(configuration)
      // A configuration has no checksum of a content: regular expressions are the same with and without \/.
      const plain = (sets: readonly { regex: string }[]) =>
        sets.map((set) => ({ ...set, regex: set.regex.replaceAll('\\/', '/') }))
      expect(plain(fourth.logsets)).toEqual(plain(logsets.logsets))
      expect(fifth).toEqual({ type: 'targets', targets: { store: { kind: 'presigned', place: 's3:b/p' } } })
      expect(JSON.stringify(agent.got)).not.toMatch(/secret|AK|private/)
    } else if (out.closed === null && wanted === undefined) {
      await until('a message', () => agent.got.length > 0)
      expect([agent.types, agent.closed]).toEqual([
        out.got.map(({ type }: { type: string }) => type),
        undefined,
      ])
    } else {
      await until('the connection to be closed', () => agent.closed !== undefined)
      expect(agent.got).toEqual([])
      if (out.closed?.reason) expect(agent.closed).toEqual({ code: 1000, reason: out.closed.reason })
    }
  },
  async heartbeat({ in: given, out }) {
    const silenceMs = 1000
    const agent = await new Agent(await TestServer.start({}, { ...TIMES, silenceMs })).connect()
    const begin = performance.now()
    const beats = setInterval(() => given.heartbeats && agent.send({ type: 'heartbeat' }), 100)
    onTestFinished(() => clearInterval(beats))
    if (out.ended === false) {
      await new Promise((resolve) => setTimeout(resolve, 1.5 * silenceMs))
      expect(agent.closed).toBeUndefined()
    } else {
      await until('the connection to be cut', () => agent.closed !== undefined)
      expect(performance.now() - begin).toBeGreaterThan(0.8 * silenceMs)
    }
  },
  async inventory_error({ out }) {
    const server = await TestServer.start()
    const agent = await new Agent(server).connect()
    rmSync(join(server.folder, 'inventory.json'))
    await server.change({})
    await agent.send({ type: 'heartbeat' })
    expect(agent.types).toEqual(out.got.map((type: string) => (type === 'manta' ? 'targets' : type)))
    expect(agent.closed).toBeUndefined()
  },
  async inventory({ in: given, out }) {
    const agent = new Agent(await TestServer.start(given.host))
    if (out.accepted) return void (await agent.connect())
    await agent.send(identify())
    await until('the connection to be closed', () => agent.closed !== undefined)
    expect([agent.closed?.reason, agent.types]).toEqual([out.closed, []])
  },
  // The agent is a package of this project, which Ansible installs: nothing is sent to be run.
  async bootstrap({ in: given }) {
    const folder = folderWith({ 'config.json': JSON.stringify({ service_name: given.service_name }) })
    const { stdout } = await runInProcess('stv3', ['ship-server', 'check', '-c', `${folder}/config.json`])
    expect(stdout).not.toContain('service_name')
  },
}

test.each(of('push'))('%s', (_, vector) => (pushes[vector.cat] as (vector: Vector) => Promise<void>)(vector))

test('changes are pushed at once, and only what has changed; a host that has gone is told so', async () => {
  const server = await TestServer.start()
  const agent = await new Agent(server).connect()
  agent.got.length = 0
  await server.change({ groups: ['db'] }, [...SETS, { ...SETS[0], name: 'db', zones: ['db'] }])
  await until('a message', () => agent.got.length > 0)
  expect(agent.types).toEqual(['logsets'])
  expect(agent.got[0].logsets.map(({ name, zonerole }: never) => [name, zonerole])).toEqual([
    ['app', 'global'],
    [`web@${ZONE}`, 'web'],
    ['db', 'db'],
  ])
  await server.change({ retire: '2020-01-01T00:00:00Z' })
  await until('the connection to be closed', () => agent.closed !== undefined)
  expect(agent.types).toEqual(['logsets', 'shutdown'])
})

test('a host has one connection, with its own token; its status comes back', async () => {
  const server = await TestServer.start()
  const stranger = new Agent(server, 'another token')
  await until('the stranger to be refused', () => stranger.closed !== undefined)
  const first = await new Agent(server).connect()
  const second = await new Agent(server).connect()
  await until('the first to be closed', () => first.closed !== undefined)
  expect(first.closed?.reason).toBe('replaced connection')
  const oldest = { path: '/srv/a', due_at: 1000, error: 'put: no' }
  await second.send({
    type: 'status',
    status: { shipped_files: 3, pending_files: 'x', oldest, errors: { put: 1 }, more: 1 },
  })
  await until('the report', () => server.running.hosts()[0]?.shipped_files === 3)
  expect(server.running.hosts()).toEqual([
    {
      ...{ host: HOST, connected: true, last_contact: expect.stringMatching(/^20.*Z$/) },
      ...{ shipped_files: 3, shipped_bytes: 0, deleted_files: 0, deleted_bytes: 0 },
      ...{ pending_files: 0, pending_bytes: 0, errors: { put: 1 }, hindrance: null },
      oldest: { ...oldest, due_at: '1970-01-01T00:00:01.000Z' },
    },
  ])
  for (const due_at of [null, 0, 'x', 1e300]) {
    await second.send({ type: 'status', status: { shipped_files: 4, oldest: { ...oldest, due_at } } })
    await until('the next report', () => server.running.hosts()[0]?.shipped_files === 4)
    expect(server.running.hosts()[0]?.oldest).toEqual({ ...oldest, due_at: null })
    await second.send({ type: 'status', status: { oldest } })
    await until('the report of a time', () => server.running.hosts()[0]?.shipped_files === 0)
  }
  for (const text of ['[]', '"x"', '{"type": 1}', '{}']) {
    const bad = await new Agent(server).send(text)
    await until('a bad message to be refused', () => bad.closed !== undefined)
  }
  await second.send({ type: 'sign', id: 7, target: 'none', operation: 'put', key: '/a' })
  await until('a refusal', () => second.got.at(-1)?.type === 'signed')
  expect(second.got.at(-1)).toMatchObject({ id: 7, error: expect.stringContaining('expected the digest') })
  await second.send({ type: 'sign', id: 8, target: 'none', operation: 'get', key: '/a' })
  await until('another refusal', () => second.got.at(-1)?.id === 8)
  expect(second.got.at(-1).error).toContain('no presigned target "none"')
})

test('a server whose file of tokens is blank does not start', async () => {
  const folder = folderWith({ tokens: '\n' })
  const file = join(folder, 'ship-server.json')
  writeFileSync(file, JSON.stringify({ log_sets: [], read_tokens_file: join(folder, 'tokens') }))
  const { code, stderr } = await runInProcess('stv3', ['ship-server', 'run', '-c', file])
  expect([code, stderr]).toEqual([1, expect.stringContaining('read_tokens_file: ')])
})
