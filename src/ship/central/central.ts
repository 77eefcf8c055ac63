import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import { refuseUpgrade } from '../../http/refuse-upgrade.ts'
import type { Logger } from '../../runtime/logger.ts'
import { isAmongDigests, tokenDigest } from '../../runtime/token-digest.ts'
import { HostLink, LINK_TIMES, type LinkTimes } from './host-link.ts'
import type { HostRecords } from './host-records.ts'
import type { HostPlan } from './messages.ts'

/** What the server knows of its hosts. It may change between two calls. */
export type HostDirectory = {
  /** Returns the names of all hosts. */
  readonly names: () => readonly string[]
  /** Returns the digest of the token of a host; undefined for a host that has none. */
  readonly tokenDigest: (host: string) => Buffer | undefined
  readonly planOf: (host: string) => HostPlan | undefined
}

export type CentralParts = {
  readonly directory: HostDirectory
  readonly records: HostRecords
  readonly logger: Logger
  readonly sign: (host: string, message: object) => Promise<object>
  readonly times?: Partial<LinkTimes>
}

/** Largest message of an agent, bytes. */
const LARGEST_MESSAGE = 256 * 1024
/** Path at which agents connect, as in hermes. */
const PATH = '/attach'

/** The links to all agents: each host has one, which shows its own token. */
export class Central {
  readonly #parts: CentralParts
  readonly #times: LinkTimes
  readonly #links = new Map<string, HostLink>()
  readonly #server = new WebSocketServer({ noServer: true, maxPayload: LARGEST_MESSAGE })

  constructor(parts: CentralParts) {
    this.#parts = parts
    this.#times = { ...LINK_TIMES, ...parts.times }
  }

  /** the hosts that are connected */
  get connected(): readonly string[] {
    return [...this.#links.keys()]
  }

  /** Sends each host that is connected what has changed for it. */
  push(): void {
    for (const link of [...this.#links.values()]) link.push()
  }

  close(): void {
    for (const link of this.#links.values()) link.close('the server stops')
  }

  /** Takes over a connection that asks to become a WebSocket; refuses it where it shows no token of a host. */
  readonly upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    if (request.url?.split('?', 1)[0] !== PATH) return void refuseUpgrade(socket, 404)
    const host = this.#hostOf(request.headers.authorization)
    if (host === undefined) return void refuseUpgrade(socket, 401)
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      new HostLink({
        ...this.#parts,
        socket: webSocket,
        host,
        times: this.#times,
        planOf: this.#parts.directory.planOf,
        identified: (link) => this.#replace(link),
        heard: (name, report) => this.#parts.records.heard(name, report),
        closed: (link) => {
          if (this.#links.get(link.host) !== link) return
          this.#links.delete(link.host)
          this.#parts.logger.info({ host: link.host }, 'an agent has left')
        },
      })
    })
  }

  #replace(link: HostLink): void {
    const before = this.#links.get(link.host)
    this.#links.set(link.host, link)
    if (before && before !== link) before.close('replaced connection')
    this.#parts.logger.info({ host: link.host }, 'an agent has connected')
  }

  /** Returns the host whose token a header has. All are compared, each in full. */
  #hostOf(authorization = ''): string | undefined {
    const { directory } = this.#parts
    const [scheme, token = ''] = authorization.split(' ')
    if (scheme?.toLowerCase() !== 'bearer' || token === '') return undefined
    const given = tokenDigest(token)
    const matches = directory.names().filter((host) => {
      const known = directory.tokenDigest(host)
      return known !== undefined && isAmongDigests([known], given)
    })
    return matches[0]
  }
}
