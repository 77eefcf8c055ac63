import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as delay } from 'node:timers/promises'
import { urlOf } from '../../../sandbox/cloud/addresses.ts'
import { bootstrapKeystone } from '../../../sandbox/cloud/bootstrap-keystone.ts'
import { iniText } from '../../../sandbox/cloud/configuration/ini.ts'
import { addMember, addProject, addService } from '../../../sandbox/cloud/keystone-accounts.ts'
import { OpenstackClient } from '../../../sandbox/cloud/openstack-client.ts'
import { startWsgi } from '../../../sandbox/cloud/python-program.ts'
import { freePort, type ServerProcess } from '../../../sandbox/servers/server-process.ts'

const LIMIT_MS = 300_000
const SECOND_MS = 1000

/** A user of the store, and its project. Every account has the same password. */
export const SHIPPER = { user: 'shipper', project: 'logs' }

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
  readonly #process: ServerProcess

  private constructor(port: number, process: ServerProcess) {
    this.port = port
    this.url = urlOf(port, '/v3')
    this.#process = process
  }

  /** Starts one in an empty folder. Takes half a minute. */
  static async start(folder: string): Promise<KeystoneServer> {
    const [port, configuration] = [await freePort(), join(folder, 'etc')]
    mkdirSync(configuration, { recursive: true })
    writeFileSync(join(configuration, 'keystone.conf'), configurationText(folder))
    await bootstrapKeystone(configuration, urlOf(port, '/v3'))
    // Its threads would lock each other out of a file without a log.
    const database = new DatabaseSync(databaseFile(folder))
    database.exec('pragma journal_mode = wal')
    database.close()
    const application = 'keystone.server.wsgi:initialize_public_application'
    const env = { OS_KEYSTONE_CONFIG_DIR: configuration }
    const server = new KeystoneServer(port, startWsgi('keystone', application, port, env))
    try {
      await server.#process.listening(port, LIMIT_MS)
      const admin = await server.#login('admin', 'admin')
      await addMember(admin, { name: 'swift', projectId: await addProject(admin, 'service'), role: 'admin' })
      const projectId = await addProject(admin, SHIPPER.project)
      await addMember(admin, { name: SHIPPER.user, projectId, role: 'member' })
    } catch (error) {
      await server.stop()
      throw error
    }
    return server
  }

  /** Registers a Swift at an address as the store. Nothing answers at the address of its admin side. */
  async addStore(address: string): Promise<void> {
    const [url, adminUrl] = [`${address}/v1/AUTH_%(project_id)s`, 'http://127.0.0.1:1/nowhere']
    const admin = await this.#login('admin', 'admin')
    await addService(admin, { type: 'object-store', name: 'swift', url, adminUrl })
  }

  /** Returns a client with a token of the shipper. */
  loginShipper(): Promise<OpenstackClient> {
    return this.#login(SHIPPER.user, SHIPPER.project)
  }

  /** Creates an application credential of the shipper. */
  async addApplicationCredential(name: string): Promise<{ readonly id: string; readonly secret: string }> {
    const shipper = await this.loginShipper()
    const path = `/users/${shipper.userId}/application_credentials`
    const body = { application_credential: { name } }
    return (await shipper.call('identity', 'POST', path, body)).application_credential
  }

  /** Makes all tokens void that the shipper has, as if its account had been disabled for a moment. */
  async revokeTokens(): Promise<void> {
    const { userId } = await this.loginShipper()
    const admin = await this.#login('admin', 'admin')
    for (const enabled of [false, true])
      await admin.call('identity', 'PATCH', `/users/${userId}`, { user: { enabled } })
    // A token that is made in the same second is void too.
    await delay(SECOND_MS + 100)
  }

  async stop(): Promise<void> {
    await this.#process.stop()
  }

  #login(name: string, project: string): Promise<OpenstackClient> {
    return OpenstackClient.login({ identity: this.port }, name, project)
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
