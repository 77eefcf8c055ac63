import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { imageName } from '../../sandbox/package/oci-image.ts'
import { BUILD_MS, build, must, run, sumOf, VERSION } from '../support/package/built.ts'
import { inChroot } from '../support/package/chroot.ts'
import { COMPOSE, type ComposeService, exampleVariables, readCompose } from '../support/package/compose.ts'
import { OwnNetwork } from '../support/package/own-network.ts'
import { until } from '../support/until.ts'

const NAME = imageName({ version: VERSION, commit: '', seconds: 0 })
const UID = 10_001

/** The configuration of the image, as far as it is read here. */
type ImageConfig = {
  readonly User: string
  readonly Env: readonly string[]
  readonly Entrypoint: readonly string[]
  readonly WorkingDir: string
  readonly Healthcheck: { readonly Test: readonly string[] }
}

const folder = mkdtempSync(join(tmpdir(), 'stacktach-image-'))
const layout = join(folder, 'layout')
const root = join(folder, 'bundle/rootfs')
let image = ''
let config: ImageConfig

beforeAll(() => {
  image = build('image').image
  mkdirSync(layout)
  must('tar', '-xf', image, '-C', layout)
  // Checks each digest, and applies the layers in order.
  must('umoci', 'unpack', '--image', `${layout}:${NAME}`, join(folder, 'bundle'))
  config = JSON.parse(must('skopeo', 'inspect', '--config', '--raw', `oci:${layout}:${NAME}`)).config
}, BUILD_MS)

afterAll(() => rmSync(folder, { recursive: true, force: true }), 600_000)

test('the same commit makes the same bytes, whatever umask and time zone are', () => {
  const before = sumOf(image)
  const env = { ...process.env, TZ: 'Pacific/Kiritimati', LC_ALL: 'C' }
  const again = run('bash', ['-c', 'umask 077; exec bash sandbox/build.sh -p -- --only image'], env)
  expect(again).toMatchObject({ status: 0 })
  expect(sumOf(image)).toBe(before)
})

test('the layout is the form of the OCI, with a manifest for older Dockers; it has two layers', () => {
  expect(readFileSync(join(layout, 'oci-layout'), 'utf8')).toBe('{"imageLayoutVersion":"1.0.0"}\n')
  const ofLayout = JSON.parse(must('skopeo', 'inspect', `oci:${layout}:${NAME}`))
  expect(ofLayout).toMatchObject({ Architecture: 'amd64', Os: 'linux' })
  expect(ofLayout.Layers).toHaveLength(2)
  expect(ofLayout.Labels['org.opencontainers.image.revision']).toBe(must('git', 'rev-parse', 'HEAD').trim())
  const ofDocker = JSON.parse(must('skopeo', 'inspect', `docker-archive:${image}`))
  expect(ofDocker.Layers).toHaveLength(2)
  expect(config).toMatchObject({ User: `${UID}:${UID}`, Entrypoint: ['/opt/stv3/bin/stv3'] })
})

test('the root file system has the user and the configuration, and no device, password or mirror', () => {
  expect(readFileSync(join(root, 'etc/passwd'), 'utf8')).toContain(`stv3:x:${UID}:${UID}:`)
  expect(must('stat', '-c', '%u %g %a', join(root, 'var/lib/stv3'))).toBe(`${UID} ${UID} 750\n`)
  expect(must('find', root, '(', '-type', 'b', '-o', '-type', 'c', ')')).toBe('')
  expect(
    must(
      'find',
      join(root, 'etc'),
      '-name',
      '*.env',
      '-o',
      '-name',
      'sources.list*',
      '-o',
      '-name',
      'resolv.conf',
    ),
  ).toBe('')
})

test('docker-compose takes the compose file', () => {
  const env = { ...process.env, ...secrets() }
  const args = ['--profile', 'time-server', '-f', join(COMPOSE, 'compose.yaml'), 'config', '--quiet']
  expect(run('docker-compose', args, env)).toMatchObject({ status: 0, stdout: '' })
})

test('each part of the compose file runs from the image, and a notification comes out of klugman', async () => {
  const network = await OwnNetwork.open()
  onTestFinished(() => network.close())
  const { services } = readCompose(secrets()).compose
  const parts = new Parts(network, services)
  onTestFinished(() => parts.kill())

  expect(await parts.result('upgrade')).toMatchObject({ code: 0 })
  const roles = ['consumer', 'worker', 'api', 'time-server']
  for (const name of roles) expect(await parts.check(name), name).toMatchObject({ code: 1 })
  for (const name of roles) parts.start(name)
  for (const name of roles)
    await until(`${name} is healthy`, async () => (await parts.check(name)).code === 0, 300_000)
  for (const name of roles) expect(parts.userOf(name), name).toBe(UID)

  const stv3 = ['/opt/stv3/bin/stv3']
  const shell = (command: readonly string[]) => parts.run('api', command)
  const generate = [
    ...stv3,
    'generate',
    '--duration',
    '3h',
    '--instances',
    '3',
    '--output',
    '/tmp/hours.jsonl',
  ]
  expect(await shell(generate)).toMatchObject({ code: 0 })
  expect(await shell([...stv3, 'publish', '/tmp/hours.jsonl', '-c', '/etc/stv3/yagi.conf'])).toMatchObject({
    code: 0,
  })
  const klugman = ['/opt/stv3/bin/klugman', 'http://127.0.0.1:8000', 'streams', '--limit', '1', '--json']
  await until('a stream comes out of klugman', async () => (await shell(klugman)).stdout !== '', 300_000)
  expect(JSON.parse((await shell(klugman)).stdout)).toMatchObject({ name: expect.any(String) })
  expect(await shell(['/bin/sh', '-c', 'echo >/etc/x'])).toMatchObject({
    stderr: expect.stringContaining('Read-only'),
  })

  for (const name of roles) expect(await parts.stop(name), name).toBe(0)
  expect(must('find', parts.data, '-name', 'notifications_*')).not.toBe('')
})

function secrets(): { readonly [name: string]: string } {
  const names = exampleVariables().filter((name) => /PASSWORD|TOKEN/.test(name))
  return Object.fromEntries(names.map((name) => [name, `${name.toLowerCase()}1`]))
}

type Result = { readonly code: number | null; readonly stdout: string; readonly stderr: string }

/**
 * The parts of the compose file in the root file system of the image: as its user, with its environment and that of the
 * file, with a root that cannot be written. They share a network, so that each has an address of health of its own.
 */
class Parts {
  readonly data = join(folder, 'data')
  readonly #temporary = join(folder, 'tmp')
  readonly #network: OwnNetwork
  readonly #services: { readonly [name: string]: ComposeService }
  readonly #running = new Map<string, ChildProcess>()

  constructor(network: OwnNetwork, services: { readonly [name: string]: ComposeService }) {
    this.#network = network
    this.#services = services
    for (const path of [this.data, this.#temporary]) {
      mkdirSync(path)
      chownSync(path, UID, UID)
    }
  }

  start(name: string): void {
    const log = join(folder, `${name}.log`)
    const child = this.#spawn(name, [...config.Entrypoint, ...(this.#service(name).command ?? [])])
    writeFileSync(log, '')
    child.stderr?.on('data', (chunk) => writeFileSync(log, chunk, { flag: 'a' }))
    this.#running.set(name, child)
  }

  /** Runs the command of a part to its end. */
  result(name: string): Promise<Result> {
    return resultOf(this.#spawn(name, [...config.Entrypoint, ...(this.#service(name).command ?? [])]))
  }

  /** Runs the health check of a part, which is that of the image. */
  check(name: string): Promise<Result> {
    const [kind, script = ''] = this.#service(name).healthcheck.test ?? []
    expect([kind, script]).toEqual(config.Healthcheck.Test)
    return this.run(name, ['/bin/sh', '-c', script])
  }

  /** Runs a command as in the container of a part. */
  run(name: string, command: readonly string[]): Promise<Result> {
    return resultOf(this.#spawn(name, command))
  }

  /** Returns the user of a running part. */
  userOf(name: string): number {
    const status = readFileSync(`/proc/${this.#running.get(name)?.pid}/status`, 'utf8')
    return Number(/^Uid:\s+\d+\s+(\d+)/m.exec(status)?.[1])
  }

  /** Ends a part. Returns its exit code. */
  async stop(name: string): Promise<number | null> {
    const child = this.#running.get(name) as ChildProcess
    this.#running.delete(name)
    if (child.exitCode !== null) return child.exitCode
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    return (await ended)[0]
  }

  kill(): void {
    for (const child of this.#running.values()) child.kill('SIGKILL')
  }

  #service(name: string): ComposeService {
    const service = this.#services[name]
    if (!service) throw new Error(`the compose file has no service ${name}`)
    expect(service).toMatchObject({ image: NAME, read_only: true })
    return service
  }

  #spawn(name: string, command: readonly string[]): ChildProcess {
    const writable = { '/var/lib/stv3': this.data, '/tmp': this.#temporary }
    const [program, ...args] = this.#network.enter(
      inChroot({ root, user: config.User, folder: config.WorkingDir, writable }, command),
    )
    return spawn(program, args, { env: this.#environment(name), stdio: ['ignore', 'pipe', 'pipe'] })
  }

  #environment(name: string): NodeJS.ProcessEnv {
    const { environment } = this.#service(name)
    const [amqp, database] = [new URL(this.#network.amqpUrl), new URL(this.#network.databaseUrl)]
    const port = 9101 + Object.keys(this.#services).indexOf(name)
    expect(environment.STACKTACH_AMQP_URL).toBe('amqp://stacktach:rabbitmq_password1@rabbitmq:5672/')
    expect(environment.STACKTACH_DATABASE_URL).toBe(
      'mysql://stacktach:mariadb_password1@mariadb:3306/stacktach',
    )
    return {
      ...Object.fromEntries(config.Env.map((line) => line.split(/=(.*)/s).slice(0, 2))),
      ...environment,
      STACKTACH_AMQP_URL: amqp.href,
      STACKTACH_DATABASE_URL: database.href,
      STACKTACH_STATUS: `127.0.0.1:${port}`,
    }
  }
}

async function resultOf(child: ChildProcess): Promise<Result> {
  const written = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream]?.on('data', (chunk) => {
      written[stream] += chunk
    })
  const [code] = await once(child, 'close')
  return { code, ...written }
}
