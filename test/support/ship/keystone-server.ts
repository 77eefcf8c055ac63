import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as delay } from 'node:timers/promises'
import { iniText } from '../../../sandbox/cloud/configuration/ini.ts'
import { runPython, startWsgi } from '../../../sandbox/cloud/python-program.ts'
import { freePort, type ServerProcess } from '../../../sandbox/servers/server-process.ts'

const LIMIT_MS = 300_000
const SECOND_MS = 1000

/** Account of the store's users, and those of Keystone and of the store itself. */
export const SHIPPER = { user: 'shipper', project: 'logs', region: 'r1' }
const PASSWORDS = { admin: 'admin-secret', swift: 'swift-secret', shipper: 'shipper-secret' }

// biome-ignore lint/suspicious/noExplicitAny: what Keystone answers is looked at by those who asked
type Answer = any

/**
 * A Keystone from Debian's packages, on a free port of this machine, with its data in a file: a service account for Swift,
 * and the user `shipper` who stores in the project `logs`.
 *
 * @example
 * const keystone = await KeystoneServer.start(folder)
 * await keystone.addStore('http://127.0.0.1:8080')
 */
export class KeystoneServer {
  /** address of its API, which ends in /v3 */
  readonly url: string
  readonly port: number
  readonly passwords = PASSWORDS
  readonly #process: ServerProcess
  #token = ''
  #projectId = ''

  private constructor(port: number, process: ServerProcess) {
    this.port = port
    this.url = `http://127.0.0.1:${port}/v3`
    this.#process = process
  }

  /** Starts one in an empty folder. Takes half a minute. */
  static async start(folder: string): Promise<KeystoneServer> {
    const [port, configuration] = [await freePort(), join(folder, 'etc')]
    mkdirSync(configuration, { recursive: true })
    writeFileSync(join(configuration, 'keystone.conf'), configurationText(folder))
    const manage = (...args: string[]) =>
      runPython({
        name: 'keystone-manage',
        module: 'keystone.cmd.manage',
        args: ['--config-dir', configuration, ...args],
      })
    const owner = [
      '--keystone-user',
      String(process.getuid?.()),
      '--keystone-group',
      String(process.getgid?.()),
    ]
    await manage('db_sync')
    // Its threads would lock each other out of a file without a log.
    const database = new DatabaseSync(databaseFile(folder))
    database.exec('pragma journal_mode = wal')
    database.close()
    await manage('fernet_setup', ...owner)
    await manage('credential_setup', ...owner)
    const url = `http://127.0.0.1:${port}/v3`
    const sides = ['admin', 'internal', 'public'].flatMap((side) => [`--bootstrap-${side}-url`, url])
    await manage('bootstrap', '--bootstrap-password', PASSWORDS.admin, ...sides)
    const application = 'keystone.server.wsgi:initialize_public_application'
    const env = { OS_KEYSTONE_CONFIG_DIR: configuration }
    const server = new KeystoneServer(port, startWsgi('keystone', application, port, env))
    try {
      await server.#process.listening(port, LIMIT_MS)
      await server.#addAccounts()
    } catch (error) {
      await server.stop()
      throw error
    }
    return server
  }

  /** Registers a Swift at an address as the store of a region. */
  async addStore(address: string): Promise<void> {
    const { service } = await this.#call('POST', '/services', {
      service: { type: 'object-store', name: 'swift' },
    })
    const url = `${address}/v1/AUTH_%(project_id)s`
    for (const [side, at] of [
      ['internal', url],
      ['public', url],
      ['admin', 'http://127.0.0.1:1/nowhere'],
    ])
      await this.#call('POST', '/endpoints', {
        endpoint: { service_id: service?.id, interface: side, url: at, region_id: SHIPPER.region },
      })
  }

  /** Creates an application credential of the shipper. */
  async addApplicationCredential(name: string): Promise<{ readonly id: string; readonly secret: string }> {
    const { token, userId } = await this.#loginShipper()
    const path = `/users/${userId}/application_credentials`
    const { application_credential: made } = await this.#call(
      'POST',
      path,
      { application_credential: { name } },
      token,
    )
    return { id: made?.id ?? '', secret: made?.secret ?? '' }
  }

  /** Makes all tokens void that the shipper has, as if its account had been disabled for a moment. */
  async revokeTokens(): Promise<void> {
    const { userId } = await this.#loginShipper()
    for (const enabled of [false, true]) await this.#call('PATCH', `/users/${userId}`, { user: { enabled } })
    // A token that is made in the same second is void too.
    await delay(SECOND_MS + 100)
  }

  /** Returns the id of the shipper's project, whose account in the store is AUTH_ID. */
  get projectId(): string {
    return this.#projectId
  }

  async stop(): Promise<void> {
    await this.#process.stop()
  }

  /** Returns a token of the shipper. */
  async token(): Promise<string> {
    return (await this.#loginShipper()).token
  }

  #loginShipper(): Promise<{ token: string; userId: string }> {
    return this.#login(SHIPPER.user, PASSWORDS.shipper, SHIPPER.project)
  }

  async #addAccounts(): Promise<void> {
    this.#token = (await this.#login('admin', PASSWORDS.admin, 'admin')).token
    await this.#call('POST', '/regions', { region: { id: SHIPPER.region } })
    for (const [user, project, role] of [
      ['swift', 'service', 'admin'],
      [SHIPPER.user, SHIPPER.project, 'member'],
    ] as const) {
      const made = await this.#call('POST', '/projects', { project: { name: project, domain_id: 'default' } })
      this.#projectId = made.project?.id ?? ''
      const account = { name: user, domain_id: 'default', password: PASSWORDS[user as 'swift'] }
      const { user: member } = await this.#call('POST', '/users', { user: account })
      const roleId = await this.#roleId(role)
      await this.#call('PUT', `/projects/${this.#projectId}/users/${member?.id}/roles/${roleId}`)
    }
  }

  async #roleId(name: string): Promise<string | undefined> {
    const answer: { readonly roles?: readonly { readonly id: string }[] } = await this.#call(
      'GET',
      `/roles?name=${name}`,
    )
    return answer.roles?.[0]?.id
  }

  async #login(name: string, password: string, project: string): Promise<{ token: string; userId: string }> {
    const domain = { id: 'default' }
    const response = await fetch(`${this.url}/auth/tokens`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        auth: {
          identity: { methods: ['password'], password: { user: { name, domain, password } } },
          scope: { project: { name: project, domain } },
        },
      }),
    })
    const token = response.headers.get('x-subject-token')
    const text = await response.text()
    if (token === null) throw new Error(`login of ${name}: ${response.status} ${text.slice(0, 300)}`)
    return { token, userId: JSON.parse(text).token.user.id }
  }

  async #call(method: string, path: string, body?: object, token = this.#token): Promise<Answer> {
    const response = await fetch(this.url + path, {
      method,
      headers: { 'x-auth-token': token, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 300)}`)
    return text === '' ? {} : JSON.parse(text)
  }
}

function databaseFile(folder: string): string {
  return join(folder, 'keystone.sqlite')
}

function configurationText(folder: string): string {
  return iniText({
    DEFAULT: { log_file: join(folder, 'keystone.log') },
    database: { connection: `sqlite:///${databaseFile(folder)}` },
    fernet_tokens: { key_repository: join(folder, 'fernet') },
    credential: { key_repository: join(folder, 'credential') },
    oslo_messaging_notifications: { driver: 'noop' },
  })
}
