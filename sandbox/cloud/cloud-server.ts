import { setTimeout as delay } from 'node:timers/promises'
import type { Service } from './openstack-client.ts'
import type { FLAVORS, Wares } from './wares.ts'

/** Of a slow machine that does other things too. */
const LIMIT_MS = 180_000

/** The state of a server of which Nova knows nothing any more; DELETED is one whose deletion is not over. */
export const GONE = 'GONE'

/** What Nova tells of a server; times without zone are UTC. */
export type ServerView = {
  readonly status: string
  readonly 'OS-EXT-STS:task_state': string | null
  readonly 'OS-EXT-SRV-ATTR:host': string | null
  readonly 'OS-SRV-USG:launched_at': string | null
  readonly 'OS-SRV-USG:terminated_at': string | null
  readonly fault?: { readonly message: string }
}

export type BootOptions = {
  readonly name: string
  readonly flavor?: keyof typeof FLAVORS
}

/** A server of the customer, and what can be done to it. */
export class CloudServer {
  readonly #wares: Wares
  readonly id: string
  readonly name: string

  /** Asks for a server; it is still to be built. */
  static async boot(wares: Wares, { name, flavor = 'small' }: BootOptions): Promise<CloudServer> {
    const server = { name, flavorRef: flavor, imageRef: wares.debian, networks: 'none' }
    const { server: made } = await wares.customer.call('compute', 'POST', '/servers', { server })
    return new CloudServer(wares, made.id, name)
  }

  private constructor(wares: Wares, id: string, name: string) {
    this.#wares = wares
    this.id = id
    this.name = name
  }

  /** Asks for an action, and waits until the server is at rest in one of the states that it may lead to. */
  async act(action: { readonly [name: string]: unknown }, ...states: string[]): Promise<void> {
    await this.#wares.customer.call('compute', 'POST', `/servers/${this.id}/action`, action)
    await this.settled(...states)
  }

  /** Waits until it is gone. */
  async delete(): Promise<void> {
    await this.requestDeletion('compute')
    await this.settled(GONE)
  }

  /** Deletes it such that it can be restored. */
  async softDelete(): Promise<void> {
    await this.requestDeletion('keeping')
    await this.settled('SOFT_DELETED')
  }

  async requestDeletion(service: Service): Promise<void> {
    await this.#wares.customer.call(service, 'DELETE', `/servers/${this.id}`)
  }

  /** Waits until it has one of these states and nothing is done to it. */
  async settled(...states: string[]): Promise<void> {
    const deadline = Date.now() + LIMIT_MS
    for (;;) {
      const { status, body } = await this.#wares.admin.ask('compute', 'GET', `/servers/${this.id}`)
      const view: ServerView | undefined = status === 404 ? undefined : body.server
      const state = view?.status ?? GONE
      const task = view?.['OS-EXT-STS:task_state'] ?? null
      if (states.includes(state) && task === null) return
      const final = state === 'ERROR' || state === GONE
      if (final || Date.now() > deadline) throw new Error(this.#unexpected(states, state, task, view))
      await delay(300)
    }
  }

  /** Waits until it has a host, and is perhaps still built there. */
  async placed(): Promise<void> {
    const deadline = Date.now() + LIMIT_MS
    while (!(await this.view())?.['OS-EXT-SRV-ATTR:host']) {
      if (Date.now() > deadline) throw new Error(`server ${this.name} gets no host`)
      await delay(100)
    }
  }

  /** What Nova remembers of it, deleted or not; nothing when it was deleted before it got a host. */
  async view(): Promise<ServerView | undefined> {
    const query = `/servers/detail?all_tenants=1&uuid=${this.id}`
    for (const deleted of ['False', 'True']) {
      const { servers } = await this.#wares.admin.call('compute', 'GET', `${query}&deleted=${deleted}`)
      if (servers[0]) return servers[0]
    }
    return undefined
  }

  #unexpected(wanted: readonly string[], state: string, task: string | null, view?: ServerView): string {
    const why = view?.fault ? `: ${view.fault.message}` : ''
    return `server ${this.name} is ${state} (${task ?? 'no task'}) instead of ${wanted.join(' or ')}${why}`
  }
}
