import { setTimeout as delay } from 'node:timers/promises'
import type { Service } from './openstack-client.ts'
import type { FLAVORS, Wares } from './wares.ts'

/** Time limit on a slow machine with other load, ms. */
const LIMIT_MS = 180_000

/** State of a server that Nova no longer knows. DELETED is one whose deletion is not complete. */
export const GONE = 'GONE'

/** A server as Nova's API shows it; times have no zone and are UTC. */
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

/** A server of the customer, and the operations on it. */
export class CloudServer {
  readonly #wares: Wares
  readonly id: string
  readonly name: string

  /** Requests a server and returns before it is built. */
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

  /** Requests an action and waits until the server is idle in one of these states. */
  async act(action: { readonly [name: string]: unknown }, ...states: string[]): Promise<void> {
    await this.#wares.customer.call('compute', 'POST', `/servers/${this.id}/action`, action)
    await this.settled(...states)
  }

  /** Deletes the server and waits until it is gone. */
  async delete(): Promise<void> {
    await this.requestDeletion('compute')
    await this.settled(GONE)
  }

  /** Deletes the server so that it can be restored, and waits. */
  async softDelete(): Promise<void> {
    await this.requestDeletion('keeping')
    await this.settled('SOFT_DELETED')
  }

  async requestDeletion(service: Service): Promise<void> {
    await this.#wares.customer.call(service, 'DELETE', `/servers/${this.id}`)
  }

  /**
   * Waits until the server has one of these states and no task. Throws on another final state or after the
   * time limit.
   */
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

  /** Waits until the server has a host, where it may still be being built. */
  async placed(): Promise<void> {
    const deadline = Date.now() + LIMIT_MS
    while (!(await this.view())?.['OS-EXT-SRV-ATTR:host']) {
      if (Date.now() > deadline) throw new Error(`server ${this.name} gets no host`)
      await delay(100)
    }
  }

  /**
   * Returns the server as Nova shows it, deleted or not; undefined when it was deleted before it got a host.
   */
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
