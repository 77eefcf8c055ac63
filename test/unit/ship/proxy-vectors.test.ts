import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../../sandbox/servers/server-process.ts'
import { openProxy } from '../../../src/assembly/ship/open-proxy.ts'
import { loadShipProxy } from '../../../src/config/load/load-ship-proxy.ts'
import { ConfigError } from '../../../src/domain/errors.ts'
import { silentLogger } from '../../../src/runtime/logger.ts'
import { type ProxyLimits, ShipProxy } from '../../../src/ship/proxy/ship-proxy.ts'
import { folderWith } from '../../support/folders.ts'
import { until } from '../../support/until.ts'
import { loadVectors } from '../../support/vectors.ts'

type Vector = {
  readonly id: string
  readonly kind: string
  readonly cat: string
  readonly in: { readonly [key: string]: unknown }
  readonly out: { readonly [key: string]: unknown }
  readonly fault?: string
  readonly wanted?: string
}

const VECTORS = loadVectors<readonly Vector[]>('ship.json').filter(({ kind }) => kind === 'proxy')
/** The port of the backend in the vectors. */
const PORT = '26101'

/** A server that sends back what it gets, on addresses of this machine. */
class Backend {
  readonly port: number
  readonly sockets: Socket[] = []
  readonly addresses: (string | undefined)[] = []
  received = ''
  hasEnded = false

  private constructor(port: number, servers: readonly Server[]) {
    this.port = port
    for (const server of servers)
      server.on('connection', (socket) => {
        this.sockets.push(socket)
        this.addresses.push(socket.localAddress)
        socket.on('error', () => {})
        socket.on('data', (data) => {
          this.received = (this.received + data).slice(-1000)
          if (!socket.write(data)) socket.pause()
        })
        socket.on('drain', () => socket.resume())
        socket.on('end', () => {
          this.hasEnded = true
          socket.end()
        })
      })
    onTestFinished(() => {
      for (const socket of this.sockets) socket.destroy()
      for (const server of servers) server.close()
    })
  }

  static async start(...hosts: readonly string[]): Promise<Backend> {
    const port = await freePort()
    const servers: Server[] = []
    for (const host of hosts) {
      const server = createServer({ allowHalfOpen: true }).listen(port, host)
      await once(server, 'listening')
      servers.push(server)
    }
    return new Backend(port, servers)
  }
}

type Proxied = { readonly proxy: ShipProxy; addresses: readonly string[] }

async function startProxy(
  port: number,
  addresses: readonly string[] = ['127.0.0.1'],
  limits: Partial<ProxyLimits> = {},
  tokens: readonly string[] = [],
): Promise<Proxied> {
  const settings = {
    listen: { host: '127.0.0.1', port: 0 },
    backends: [{ host: 'backend.test', port }],
    tokens,
    limits,
  }
  const proxied: Proxied = {
    proxy: new ShipProxy(settings, silentLogger, async () => proxied.addresses),
    addresses,
  }
  await proxied.proxy.start()
  onTestFinished(() => proxied.proxy.stop())
  return proxied
}

/** A client of the proxy, and what it has got. */
class Client {
  readonly socket: Socket
  reply = ''
  length = 0
  isClosed = false

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (data) => {
      this.length += data.length
      this.reply = (this.reply + data.toString('latin1')).slice(0, 1000)
    })
    socket.on('error', () => {})
    socket.on('end', () => socket.end())
    socket.on('close', () => {
      this.isClosed = true
    })
    onTestFinished(() => void socket.destroy())
  }

  static async connect({ proxy }: Proxied): Promise<Client> {
    const socket = connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true })
    await once(socket, 'connect')
    return new Client(socket)
  }

  /** Asks for a tunnel to the backend of the vectors. */
  static async open(proxied: Proxied, port: number): Promise<Client> {
    const client = await Client.connect(proxied)
    client.socket.write(`CONNECT backend.test:${port} HTTP/1.1\r\n\r\n`)
    return client
  }

  async head(): Promise<string> {
    await until('the head of a reply', () => this.reply.includes('\r\n\r\n'))
    return this.reply.split('\r\n', 1)[0] as string
  }
}

/** The status that the proxy has for what hermes refused with 400 or 500, never answered, or died of. */
function statusOf({ out, wanted = '' }: Vector): string {
  const [status] = /\b[1-5]\d\d\b/.exec(wanted) ?? []
  const [, recorded = ''] = / (\d{3}) /.exec(String(out.reply)) ?? []
  return status ?? recorded
}

async function isUp(proxied: Proxied, backend: Backend): Promise<boolean> {
  const client = await Client.open(proxied, backend.port)
  return (await client.head()) === 'HTTP/1.1 200 Connection Established'
}

const sent = VECTORS.filter(({ in: given }) => 'send' in given)

test.each(sent.map((vector) => [vector.id, vector] as const))('%s', async (_, vector) => {
  const backend = await Backend.start('127.0.0.1')
  const auth = vector.in.auth as string | undefined
  const proxied = await startProxy(
    backend.port,
    ['127.0.0.1'],
    {},
    auth === undefined ? [] : [auth.replace(/^Bearer /, '')],
  )
  const client = await Client.connect(proxied)
  client.socket.write(String(vector.in.send).replaceAll(PORT, String(backend.port)), 'latin1')
  const status = statusOf(vector)
  if (status === '200') {
    expect(await client.head()).toBe('HTTP/1.1 200 Connection Established')
    client.socket.write('ping')
    await until('an echo', () => client.reply.endsWith('ping'))
    if (vector.out.backend_got !== undefined) expect(backend.received).toBe(vector.out.backend_got)
    expect(client.isClosed).toBe(false)
    return
  }
  await until('the connection to be closed', () => client.isClosed)
  if (status === '') expect(client.reply).toBe('')
  else expect(client.reply).toMatch(new RegExp(`^HTTP/1\\.[01] ${status} [^]*\r\n\r\n.+\n$`))
  expect(backend.sockets).toEqual([])
  if (auth === undefined) expect(await isUp(proxied, backend)).toBe(true)
})

const stories: { readonly [cat: string]: () => Promise<void> } = {
  async round_robin() {
    const backend = await Backend.start('127.0.0.1', '127.0.0.2', '127.0.0.3')
    const proxied = await startProxy(backend.port, ['127.0.0.1', '127.0.0.2', '127.0.0.3'])
    for (let count = 0; count < 6; count++) await (await Client.open(proxied, backend.port)).head()
    const [vector] = VECTORS.filter(({ cat }) => cat === 'round_robin')
    expect(backend.addresses).toEqual(vector?.out.order)
  },
  async removed_all() {
    const proxied = await startProxy(1, [])
    expect(await (await Client.open(proxied, 1)).head()).toBe('HTTP/1.1 503 Service Unavailable')
  },
  async two_keys() {
    const backend = await Backend.start('127.0.0.1')
    const proxied = await startProxy(backend.port, ['127.0.0.1', '127.0.0.1'])
    expect(await isUp(proxied, backend)).toBe(true)
    expect(await proxied.proxy.backends[0]?.inTurn()).toEqual(['127.0.0.1'])
  },
  async removed_while_used() {
    const backend = await Backend.start('127.0.0.1')
    const proxied = await startProxy(backend.port)
    const client = await Client.open(proxied, backend.port)
    await client.head()
    proxied.addresses = []
    client.socket.write('more')
    await until('an echo', () => client.reply.endsWith('more'))
  },
  async all_hang() {
    const { port } = await hangingServer()
    const proxied = await startProxy(port, ['127.0.0.2'], { connectMs: 300, totalMs: 600 })
    expect(await (await Client.open(proxied, port)).head()).toBe('HTTP/1.1 504 Gateway Timeout')
  },
  async client_resets_early() {
    const { port } = await hangingServer()
    const proxied = await startProxy(port, ['127.0.0.2'], { connectMs: 300 })
    const client = await Client.open(proxied, port)
    client.socket.resetAndDestroy()
    expect(await (await Client.open(proxied, port)).head()).toContain(' 504 ')
  },
  async client_resets_then_reply() {
    const proxied = await startProxy(1, ['127.0.0.1'])
    const client = await Client.connect(proxied)
    client.socket.write('CONNECT backend.test:1 HTTP/1.1\r\n\r\n', () => client.socket.resetAndDestroy())
    await until('the client to be gone', () => client.isClosed)
    expect(await (await Client.open(proxied, 1)).head()).toBe('HTTP/1.1 502 Bad Gateway')
  },
  async client_closes() {
    const backend = await Backend.start('127.0.0.1')
    const client = await Client.open(await startProxy(backend.port), backend.port)
    await client.head()
    client.socket.end('last')
    await until('the backend to see the end', () => backend.hasEnded)
    expect(backend.received).toBe('last')
    await until('the client to see the end', () => client.isClosed)
  },
  async big() {
    const [vector] = VECTORS.filter(({ cat }) => cat === 'big')
    const size = Number(vector?.in.bytes_each_way)
    const backend = await Backend.start('127.0.0.1')
    const proxied = await startProxy(backend.port)
    const client = await Client.open(proxied, backend.port)
    await client.head()
    const before = client.length
    client.socket.write(Buffer.alloc(size, 'x'))
    await until('all to be echoed', () => client.length - before === size)
    expect(proxied.proxy.backends[0]?.counters).toMatchObject({
      opened: 1,
      bytesOut: size,
      bytesIn: size,
    })
  },
}

test.each(VECTORS.filter(({ in: given }) => !('send' in given)).map(({ id, cat }) => [id, cat] as const))(
  '%s %s',
  (_, cat) => (stories[cat] as () => Promise<void>)(),
)

test('a reset is handed on both ways, and a tunnel is cut when nothing passes', async () => {
  const backend = await Backend.start('127.0.0.1')
  const proxied = await startProxy(backend.port, ['127.0.0.1'], { idleMs: 300 })
  const first = await Client.open(proxied, backend.port)
  await first.head()
  const ended = once(first.socket, 'error')
  backend.sockets[0]?.resetAndDestroy()
  expect(await ended).toMatchObject([{ code: 'ECONNRESET' }])
  const second = await Client.open(proxied, backend.port)
  await second.head()
  const told = once(backend.sockets[1] as Socket, 'error')
  second.socket.resetAndDestroy()
  expect(await told).toMatchObject([{ code: 'ECONNRESET' }])
  const idle = await Client.open(proxied, backend.port)
  await idle.head()
  const cut = once(backend.sockets[2] as Socket, 'error')
  expect(await once(idle.socket, 'error')).toMatchObject([{ code: 'ECONNRESET' }])
  expect(await cut).toMatchObject([{ code: 'ECONNRESET' }])
  await until('no tunnel to be open', () => proxied.proxy.tunnels === 0)
})

test('without a valid token nobody is let through; slow and endless heads are dropped', async () => {
  const backend = await Backend.start('127.0.0.1')
  const proxied = await startProxy(backend.port, ['127.0.0.1'], { headMs: 300 }, ['t1', 't2'])
  const ask = async (header: string) => {
    const client = await Client.connect(proxied)
    client.socket.write(`CONNECT backend.test:${backend.port} HTTP/1.1\r\n${header}\r\n\r\n`)
    return client.head()
  }
  expect(await ask('X: y')).toBe('HTTP/1.1 407 Proxy Authentication Required')
  expect(await ask('Proxy-Authorization: Bearer t3')).toContain(' 407 ')
  expect(await ask('Proxy-Authorization: Bearer t2')).toContain(' 200 ')
  expect(await ask(`Proxy-Authorization: Basic ${btoa('any:t1')}`)).toContain(' 200 ')
  const slow = await Client.connect(proxied)
  slow.socket.write('CONNECT back')
  await until('the slow client to be dropped', () => slow.isClosed)
  const endless = await Client.connect(proxied)
  endless.socket.write(`CONNECT backend.test:1 HTTP/1.1\r\nX: ${'y'.repeat(100_000)}`)
  await until('the endless head to be dropped', () => endless.isClosed)
  expect([slow.reply, endless.reply]).toEqual(['', ''])
})

test('a proxy whose file of tokens is blank does not start', async () => {
  const folder = folderWith({ tokens: ' \n\n' })
  const file = join(folder, 'proxy.json')
  const backend = 'https://store.example.org'
  const settings = { bind_ip: '127.0.0.1', bind_port: 3128, backend, token_file: join(folder, 'tokens') }
  writeFileSync(file, JSON.stringify(settings))
  const { config } = await loadShipProxy(file)
  if (!config) throw new Error('no configuration')
  const error = await openProxy(config, silentLogger).catch((thrown) => thrown)
  expect(error).toBeInstanceOf(ConfigError)
  expect(error.message).toBe(
    `token_file: ${join(folder, 'tokens')} has no token; write one a line into it, or leave token_file out to ask for none`,
  )
})

/** Starts a server at 127.0.0.2 that takes no connection any more: it is stopped, and its queue is full. */
async function hangingServer(): Promise<{ readonly port: number }> {
  const port = await freePort()
  const program = `require('net').createServer().listen(${port}, '127.0.0.2', 1, () => console.log('up'))`
  const child: ChildProcess = spawn(process.execPath, ['-e', program], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const filling: Socket[] = []
  onTestFinished(() => {
    child.kill('SIGKILL')
    for (const socket of filling) socket.destroy()
  })
  await once(child.stdout as NonNullable<ChildProcess['stdout']>, 'data')
  child.kill('SIGSTOP')
  for (let count = 0; count < 4; count++) {
    const socket = connect(port, '127.0.0.2')
    socket.on('error', () => {})
    filling.push(socket)
  }
  await until('its queue to be full', () => filling.filter(({ connecting }) => !connecting).length >= 2)
  return { port }
}
