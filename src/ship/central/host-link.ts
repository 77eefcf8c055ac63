import type { WebSocket } from 'ws'
import { messageOf } from '../../domain/errors.ts'
import type { Logger } from '../../runtime/logger.ts'
import { type HostPlan, type HostReport, PROTOCOL, parseMessage } from './messages.ts'

/** Times of the link between a server and its agents, ms. */
export type LinkTimes = {
  /** between two signs of life of an agent */
  readonly heartbeatMs: number
  /** longest silence of an agent */
  readonly silenceMs: number
  /** how long a connection that is closed has to end */
  readonly closeMs: number
}

export const LINK_TIMES: LinkTimes = { heartbeatMs: 8000, silenceMs: 20_000, closeMs: 10_000 }

export type HostLinkParts = {
  readonly socket: WebSocket
  /** the host whose token the connection has shown */
  readonly host: string
  readonly times: LinkTimes
  readonly logger: Logger
  /** Returns what the host is sent; undefined where it is not known any more. */
  readonly planOf: (host: string) => HostPlan | undefined
  /** Called when the host has said who it is. */
  readonly identified: (link: HostLink) => void
  /** Called at each sign of life, with what the agent says of itself where it does. */
  readonly heard: (host: string, report: HostReport | undefined) => void
  /** Resolves to the fields of the answer to a request to sign. */
  readonly sign: (host: string, message: object) => Promise<object>
  readonly closed: (link: HostLink) => void
}

/** Orders in which the parts of a plan are sent. */
const PARTS = ['configuration', 'logsets', 'targets'] as const

/** One connection of an agent. Nothing that it sends ends anything but itself. */
export class HostLink {
  readonly host: string
  readonly #parts: HostLinkParts
  readonly #silence: NodeJS.Timeout
  readonly #sent = new Map<string, string>()
  #isIdentified = false

  constructor(parts: HostLinkParts) {
    this.#parts = parts
    this.host = parts.host
    const { socket, times } = parts
    // An agent that says nothing is cut off.
    this.#silence = setTimeout(() => socket.terminate(), times.silenceMs)
    socket.on('message', (data, isBinary) => this.#take(isBinary ? '' : String(data)))
    socket.on('error', (error) => parts.logger.debug({ host: this.host }, messageOf(error)))
    socket.on('close', () => {
      clearTimeout(this.#silence)
      parts.closed(this)
    })
  }

  /** Sends what has changed of the plan of the host; asks it to shut down where it has none any more. */
  push(): void {
    if (!this.#isIdentified) return
    const plan = this.#parts.planOf(this.host)
    if (!plan) {
      this.#send({ type: 'shutdown' })
      return void this.close('this host is not known any more')
    }
    const messages = {
      configuration: plan.configuration,
      logsets: { logsets: plan.logsets },
      targets: { targets: plan.targets },
    }
    for (const type of PARTS) {
      const text = JSON.stringify({ type, ...messages[type] })
      if (this.#sent.get(type) === text) continue
      this.#sent.set(type, text)
      this.#parts.socket.send(text)
    }
  }

  /** Closes the connection with a reason, and cuts it where the agent does not. */
  close(reason: string): void {
    const { socket, times } = this.#parts
    socket.close(1000, reason)
    const timer = setTimeout(() => socket.terminate(), times.closeMs)
    socket.once('close', () => clearTimeout(timer))
  }

  #take(text: string): void {
    const message = parseMessage(text)
    if (!message) return void this.close('expected an object of JSON with a type')
    if (message.type === 'identify') return void this.#identify(message)
    // What comes before the agent has said who it is counts for nothing.
    if (!this.#isIdentified) return
    this.#silence.refresh()
    if (message.type === 'heartbeat') this.#parts.heard(this.host, undefined)
    else if (message.type === 'status') this.#parts.heard(this.host, message.status as HostReport)
    else if (message.type === 'sign') void this.#sign(message)
    else this.#parts.logger.debug({ host: this.host }, 'an agent has sent a message of an unknown type')
  }

  #identify(message: { readonly [key: string]: unknown }): void {
    const { server_uuid: uuid, deployed_version: version } = message
    if (uuid !== this.host || !this.#parts.planOf(this.host)) return void this.close('unknown server uuid')
    this.#silence.refresh()
    if (version !== PROTOCOL) return void this.#send({ type: 'redeploy', version: PROTOCOL })
    this.#isIdentified = true
    this.#parts.identified(this)
    this.#parts.heard(this.host, undefined)
    this.#send({ type: 'identify_ok' })
    this.#send({ type: 'enable_heartbeat', timeout: this.#parts.times.heartbeatMs })
    this.push()
  }

  async #sign(message: { readonly [key: string]: unknown }): Promise<void> {
    const { id } = message
    try {
      this.#send({ type: 'signed', id, ...(await this.#parts.sign(this.host, message)) })
    } catch (error) {
      this.#send({ type: 'signed', id, error: messageOf(error) })
    }
  }

  #send(message: object): void {
    this.#parts.socket.send(JSON.stringify(message))
  }
}
