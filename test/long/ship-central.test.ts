import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { freePort } from '../../sandbox/servers/server-process.ts'
import { Authority } from '../support/certificates.ts'
import { temporaryFolder } from '../support/folders.ts'
import { startProgram } from '../support/servers/start-program.ts'
import { APP_LOGS, ShipFixture } from '../support/ship/ship-fixture.ts'
import { until } from '../support/until.ts'

const TOKENS = { 'host-a': 'token-a', 'host-b': 'token-b' }
const READ = 'read-token'

/** The processes of two hosts and their server, which speaks HTTPS. */
async function deployment() {
  const folder = temporaryFolder()
  const authority = new Authority(folder, 'ship')
  const { cert, key } = authority.sign('server', 'IP:127.0.0.1')
  const port = await freePort()
  const config = join(folder, 'ship-server.json')
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
  const store = join(folder, 'central-store')
  mkdirSync(store)
  const write = (sets: readonly object[]) =>
    writeFileSync(
      config,
      JSON.stringify({
        ...{ listen: `127.0.0.1:${port}`, cert, key, datacenter: 'eu-1', user: 'ops' },
        ...{ log_sets: sets, targets: { store: { kind: 'file', folder: store } } },
        hosts: Object.fromEntries(
          Object.entries(TOKENS).map(([host, token]) => [host, { token_sha256: sha256(token) }]),
        ),
        read_tokens_file: secret('read', READ),
      }),
    )
  const secret = (name: string, text: string) => {
    const file = join(folder, name)
    writeFileSync(file, `${text}\n`, { mode: 0o600 })
    return file
  }
  const url = `https://127.0.0.1:${port}`
  const host = (name: keyof typeof TOKENS) => {
    const own = join(folder, name)
    mkdirSync(own)
    const fixture = new ShipFixture(own, [])
    const token = secret(`${name}.token`, TOKENS[name])
    const start = () =>
      startProgram([
        ...['ship', '--server', url, '--token-file', token, '--ca', authority.ca, '--name', name],
        ...['--state', join(own, 'state'), '--root', fixture.root],
      ])
    return { fixture, start }
  }
  const shipped = (path: string) => {
    try {
      return readFileSync(join(store, path), 'utf8')
    } catch {
      return undefined
    }
  }
  return { config, write, url, port, ca: authority.ca, host, shipped }
}

const APP = { ...APP_LOGS, manta_path: '/%u/%d/%n/$1' }

test('two hosts ship what their server says, at once, and go on without it; klugman shows them', async () => {
  const { config, write, url, port, ca, host, shipped } = await deployment()
  write([{ ...APP, hosts: ['host-a'] }])
  const server = startProgram(['ship-server', '-c', config])
  await until('the server to listen', () => isListening(port))
  const a = host('host-a')
  const b = host('host-b')
  for (const { fixture } of [a, b]) fixture.write('/srv/one.log', 'one', 1)
  const agentA = a.start()
  b.start()
  await until('the file of host-a', () => shipped('ops/eu-1/host-a/one') === 'one')
  write([APP])
  server.send('SIGHUP')
  await until('the file of host-b', () => shipped('ops/eu-1/host-b/one') === 'one')

  const klugman = startProgram(['--url', url, 'ship', '--json'], 'klugman', {
    NODE_EXTRA_CA_CERTS: ca,
    KLUGMAN_TOKEN: READ,
  })
  await klugman.result()
  const shown = klugman.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(shown).toMatchObject([
    { host: 'host-a', connected: true, pending_files: 0 },
    { host: 'host-b', connected: true, pending_files: 0 },
  ])
  const refused = startProgram(['--url', url, 'ship'], 'klugman', { NODE_EXTRA_CA_CERTS: ca })
  await refused.result()
  expect(refused.stderr).toContain('token')

  await server.stop('SIGKILL')
  a.fixture.write('/srv/two.log', 'two', 1)
  await until('the next file of host-a', () => shipped('ops/eu-1/host-a/two') === 'two', 90_000)
  await agentA.stop('SIGTERM')
  a.fixture.write('/srv/three.log', 'three', 1)
  a.start()
  await until('the file after a restart', () => shipped('ops/eu-1/host-a/three') === 'three')
  expect(agentA.stderr + server.stderr).not.toMatch(/token-a|token-b|read-token/)
})

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}
