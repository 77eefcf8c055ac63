import { once } from 'node:events'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { openRemoteShip, type RemoteShip } from '../../../src/assembly/ship/open-remote-ship.ts'
import { defaultLimits } from '../../../src/config/load/load-ship.ts'
import { silentLogger } from '../../../src/runtime/logger.ts'
import { temporaryFolder } from '../../support/folders.ts'
import { ShipFixture } from '../../support/ship/ship-fixture.ts'
import { until } from '../../support/until.ts'
import { loadVectors } from '../../support/vectors.ts'

type Vector = { readonly id: string; readonly kind: string; readonly cat: string; readonly in: object }

const AGENT = loadVectors<readonly Vector[]>('ship.json').filter(({ kind }) => kind === 'agent')
const HOST = 'host-1'
const LIMITS = { ...defaultLimits(), intervalMs: 20, parallel: 1 }

const set = (name: string, dir: string, path: string, regex = '^.*/(.+)$') => ({
  ...{ name, zonename: 'global', zonerole: 'global', regex, search_dirs: [dir], manta_path: path },
  ...{ debounce_time: 600, retain_time: 0 },
})
const CONFIGURATION = { type: 'configuration', datacenter_name: 'eu-1', user: 'ops' }
const APP = { type: 'logsets', logsets: [set('app', '/srv', '/%u/%d/%n/$1')] }

/** A server that sends an agent what a test has it send. */
class FakeServer {
  readonly fixture = new ShipFixture(temporaryFolder(), [])
  readonly got: { readonly type: string; readonly [key: string]: unknown }[] = []
  readonly #server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  #socket: WebSocket | undefined
  path: string | undefined
  closed = 0

  constructor() {
    this.#server.on('connection', (socket, request) => {
      this.#socket = socket
      this.path = request.url
      socket.on('message', (data) => this.got.push(JSON.parse(String(data))))
      socket.on('close', () => this.closed++)
    })
    onTestFinished(() => this.stop())
    this.fixture.write('/srv/a', 'alpha', 1)
    this.fixture.write('/two/b', 'beta', 1)
  }

  async open(state = temporaryFolder()): Promise<RemoteShip> {
    if (!this.#server.address()) await once(this.#server, 'listening')
    const { port } = this.#server.address() as AddressInfo
    const settings = {
      ...{ url: `ws://127.0.0.1:${port}`, token: 't', ca: undefined, host: HOST, state },
      root: this.fixture.root,
      limits: LIMITS,
    }
    const ship = await openRemoteShip(settings, { logger: silentLogger, clock: Date.now })
    await ship.link.start()
    await ship.agent.start()
    onTestFinished(async () => {
      await ship.link.stop()
      await ship.agent.stop()
      await ship.close()
    })
    return ship
  }

  async identified(...messages: readonly (object | string)[]): Promise<void> {
    await until('the agent to say who it is', () => this.got.some(({ type }) => type === 'identify'))
    this.send({ type: 'identify_ok' }, { type: 'enable_heartbeat', timeout: 100 }, ...messages)
  }

  send(...messages: readonly (object | string)[]): void {
    for (const one of messages) this.#socket?.send(typeof one === 'string' ? one : JSON.stringify(one))
  }

  targets(folder = this.fixture.store): object {
    return { type: 'targets', targets: { store: { kind: 'file', folder } } }
  }

  async stop(): Promise<void> {
    this.#socket?.terminate()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }

  shipped(key = `/ops/eu-1/${HOST}/a`): Promise<void> {
    return until(`${key} to be shipped`, () => this.fixture.object(key) !== undefined)
  }
}

/** Runs an agent for some passes. */
async function passes(ship: RemoteShip, count = 3): Promise<void> {
  const end = ship.agent.state.counters.passes + count
  await until('some passes', () => ship.agent.state.counters.passes >= end)
}

const cases: { readonly [id: string]: (server: FakeServer, ship: RemoteShip) => Promise<void> } = {
  async 'agent-001'(server) {
    await until('a message', () => server.got.length > 0)
    expect(server.path).toBe('/attach')
    expect(server.got).toEqual([
      { type: 'identify', server_uuid: HOST, deployed_version: expect.any(String), pid: process.pid },
    ])
  },
  async 'agent-008'(server, ship) {
    await server.identified(CONFIGURATION, APP)
    await passes(ship)
    expect(server.fixture.local('/srv/a')).toBe('alpha')
  },
  async 'agent-011'(server) {
    const other = join(temporaryFolder(), 'other')
    mkdirSync(other)
    await server.identified(CONFIGURATION, APP, server.targets())
    await server.shipped()
    server.send(server.targets(other))
    let count = 0
    await until('a file to be in the other store', () => {
      server.fixture.write(`/srv/c${count++}`, 'gamma', 1)
      return existsSync(join(other, 'ops'))
    })
  },
  async 'agent-012'(server) {
    await server.identified(CONFIGURATION, '{"type":"frobnicate"}', APP, server.targets())
    await server.shipped()
    expect(server.closed).toBe(0)
  },
  async 'agent-013'(server) {
    await server.identified(CONFIGURATION, APP, server.targets(), 'hello')
    await server.shipped()
    expect(server.closed).toBe(0)
  },
  async 'agent-014'(server) {
    await server.identified(CONFIGURATION, APP, server.targets())
    await server.shipped()
    server.send({ type: 'logsets', logsets: [set('bad', '/two', '/x/$1', '(')] })
    server.fixture.write('/srv/c', 'gamma', 1)
    await server.shipped(`/ops/eu-1/${HOST}/c`)
    expect(server.fixture.local('/two/b')).toBe('beta')
  },
  async 'agent-015'(server, ship) {
    await server.identified({ type: 'redeploy' })
    await passes(ship)
    expect([server.closed, server.fixture.local('/srv/a')]).toEqual([0, 'alpha'])
  },
  async 'agent-020'(server) {
    await server.identified(CONFIGURATION, APP, server.targets())
    await server.shipped()
    server.send({ type: 'logsets', logsets: [set('two', '/two', '/two/$1')] })
    await server.shipped('/two/b')
  },
}

test.each(AGENT.map(({ id }) => [id] as const))('%s', async (id) => {
  const server = new FakeServer()
  const ship = await server.open()
  await (cases[id] as (typeof cases)[string])(server, ship)
})

test('without its server an agent goes on with its last good configuration, after a restart too', async () => {
  const state = temporaryFolder()
  const server = new FakeServer()
  const ship = await server.open(state)
  await server.identified(CONFIGURATION, APP, server.targets())
  await server.shipped()
  await server.stop()
  server.fixture.write('/srv/c', 'gamma', 1)
  await server.shipped(`/ops/eu-1/${HOST}/c`)
  await ship.link.stop()
  await ship.agent.stop()
  await ship.close()

  const settings = { url: 'ws://127.0.0.1:1', token: 't', ca: undefined, host: HOST, state }
  const again = await openRemoteShip(
    { ...settings, root: server.fixture.root, limits: LIMITS },
    { logger: silentLogger, clock: Date.now },
  )
  server.fixture.write('/srv/d', 'delta', 1)
  expect(await again.agent.pass()).toBe(true)
  expect(server.fixture.object(`/ops/eu-1/${HOST}/d`)).toBe('delta')
  await again.close()
  writeFileSync(join(state, 'last-configuration.json'), '{"cut')
  const third = await openRemoteShip(
    { ...settings, root: server.fixture.root, limits: LIMITS },
    { logger: silentLogger, clock: Date.now },
  )
  expect(await third.agent.pass()).toBe(true)
  await third.close()
})

test('an agent tells how far it is, and stops to ship when its server does not know it any more', async () => {
  const server = new FakeServer()
  const ship = await server.open()
  await server.identified(CONFIGURATION, APP, server.targets())
  await until('a report', () =>
    server.got.some(
      ({ type, status }) => type === 'status' && (status as { shipped_files: number }).shipped_files === 1,
    ),
  )
  server.send({ type: 'shutdown' })
  await passes(ship, 3)
  server.fixture.write('/srv/c', 'gamma', 1)
  await passes(ship, 3)
  expect(server.fixture.local('/srv/c')).toBe('gamma')
})
