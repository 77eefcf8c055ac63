import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { messageOf } from '../../domain/errors.ts'

/** A server that may be reached through the proxy. */
export type BackendSettings = {
  /** in lower case, without brackets */
  readonly host: string
  readonly port: number
  /** addresses in place of those of the name service */
  readonly addresses?: readonly string[] | undefined
}

/** What has passed to and from a backend. */
export type BackendCounters = {
  readonly opened: number
  readonly refused: number
  readonly bytesOut: number
  readonly bytesIn: number
}

/** Resolves to the addresses of a name. Rejects when they cannot be looked up. */
export type Resolve = (host: string) => Promise<readonly string[]>

/** For how long addresses are taken as they were looked up, ms. */
const FRESH_MS = 30_000

/** Looks a name up as other programs of this machine do. */
export async function resolveHost(host: string): Promise<readonly string[]> {
  if (isIP(host) !== 0) return [host]
  return (await lookup(host, { all: true })).map(({ address }) => address)
}

/** The addresses of one backend in turn, and what was counted for it. */
export class Backend {
  readonly settings: BackendSettings
  counters: BackendCounters = { opened: 0, refused: 0, bytesOut: 0, bytesIn: 0 }
  readonly #resolve: Resolve
  #addresses: readonly string[] = []
  #lookedUpAt = Number.NEGATIVE_INFINITY
  #turn = 0

  constructor(settings: BackendSettings, resolve: Resolve) {
    this.settings = settings
    this.#resolve = resolve
  }

  get name(): string {
    const { host, port } = this.settings
    return `${host.includes(':') ? `[${host}]` : host}:${port}`
  }

  /**
   * Resolves to all addresses, each once, in the order in which they are to be tried: the turn goes on with each call, from the second
   * one on as in hermes. While names cannot be looked up, the last addresses stay. Rejects when there were never any.
   */
  async inTurn(): Promise<readonly string[]> {
    await this.#refresh()
    const { length } = this.#addresses
    if (length === 0) return []
    this.#turn = (this.#turn + 1) % length
    return [...this.#addresses.slice(this.#turn), ...this.#addresses.slice(0, this.#turn)]
  }

  add(counted: Partial<BackendCounters>): void {
    const { opened, refused, bytesOut, bytesIn } = this.counters
    this.counters = {
      opened: opened + (counted.opened ?? 0),
      refused: refused + (counted.refused ?? 0),
      bytesOut: bytesOut + (counted.bytesOut ?? 0),
      bytesIn: bytesIn + (counted.bytesIn ?? 0),
    }
  }

  async #refresh(): Promise<void> {
    const { host, addresses } = this.settings
    if (performance.now() - this.#lookedUpAt < FRESH_MS) return
    try {
      this.#addresses = [...new Set(addresses ?? (await this.#resolve(host)))]
      this.#lookedUpAt = performance.now()
    } catch (error) {
      if (this.#addresses.length === 0)
        throw new Error(`cannot look up ${host}: ${messageOf(error)}`, { cause: error })
    }
  }
}
