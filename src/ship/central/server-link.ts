import { WebSocket } from 'ws'
import { messageOf, TransientError } from '../../domain/errors.ts'
import { Backoff, sleep } from '../../runtime/backoff.ts'
import type { Service } from '../../runtime/lifecycle.ts'
import type { Logger } from '../../runtime/logger.ts'
import { type HostReport, PROTOCOL, parseMessage } from './messages.ts'

/** The parts of a plan as they came, by type. */
export type ReceivedPlan = {
  readonly configuration: { readonly [key: string]: unknown }
  readonly logsets: { readonly [key: string]: unknown }
  readonly targets: { readonly [key: string]: unknown }
}

export type ServerLinkOptions = {
  /** such as `wss://ship.example.org:9999` */
  readonly url: string
  readonly token: string
  /** certificate of the authority of the server, where it is none that the system knows */
  readonly ca?: Buffer | undefined
  /** the name of this host */
  readonly host: string
  readonly logger: Logger
  /** Takes a new plan. Rejects when it cannot be used; the one before stays in use then. */
  readonly usePlan: (plan: ReceivedPlan) => Promise<void>
  /** Called when the server does not know this host any more. */
  readonly dismissed: () => Promise<void>
  readonly report: () => HostReport
  readonly waits?: { readonly initialMs: number; readonly maxMs: number }
}

const WAITS = { initialMs: 1000, maxMs: 30_000 }
const CONNECT_MS = 10_000
/** Longest wait for a signed request, ms. */
const SIGN_MS = 30_000
/** Silences of the server, in periods of the heartbeat, after which the connection is made anew. */
const SILENCES = 3
/** Time within which messages belong together, ms. */
const TOGETHER_MS = 20
const LARGEST_MESSAGE = 16 * 1024 * 1024

type Waiting = {
  readonly resolve: (message: { readonly [key: string]: unknown }) => void
  readonly timer: NodeJS.Timeout
}

/** The connection of an agent to its server, which is made again whenever it is lost. */
export class ServerLink implements Service {
  readonly #options: ServerLinkOptions
  readonly #stopping = new AbortController()
  readonly #waiting = new Map<number, Waiting>()
  #running: Promise<void> | undefined
  #socket: WebSocket | undefined
  #isIdentified = false
  #parts: { [part in keyof ReceivedPlan]?: ReceivedPlan[part] } = {}
  #lastId = 0
  #isTaking = false
  #told = ''
  /** in which plans are taken, one after the other */
  #turn: Promise<void> = Promise.resolve()

  constructor(options: ServerLinkOptions) {
    this.#options = options
  }

  /** whether the server has taken this host */
  get isConnected(): boolean {
    return this.#isIdentified
  }

  async start(): Promise<void> {
    this.#running ??= this.#run()
  }

  async stop(): Promise<void> {
    this.#report()
    this.#stopping.abort()
    this.#socket?.close(1000, 'the agent stops')
    this.#socket?.terminate()
    await this.#running
    await this.#turn
  }

  /** Has the server sign a request. Rejects with TransientError when it does not. */
  async sign(request: object): Promise<{ readonly [key: string]: unknown }> {
    const socket = this.#socket
    if (!socket || !this.#isIdentified)
      throw new TransientError('the server that signs requests is not connected')
    const id = ++this.#lastId
    const message = await new Promise<{ readonly [key: string]: unknown }>((resolve) => {
      const timer = setTimeout(() => this.#answer({ id, error: 'the server does not answer' }), SIGN_MS)
      this.#waiting.set(id, { resolve, timer })
      socket.send(JSON.stringify({ type: 'sign', id, ...request }))
    })
    if (message.error !== undefined) throw new TransientError(`not signed: ${String(message.error)}`)
    return message
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping
    const backoff = new Backoff(this.#options.waits ?? WAITS)
    while (!signal.aborted) {
      const reason = await this.#connect(() => backoff.reset())
      if (signal.aborted) return
      this.#tell(`not connected to ${this.#options.url}: ${reason}; it goes on with its last configuration`)
      await sleep(backoff.next(), signal)
    }
  }

  /** Connects, and resolves to the reason when the connection has ended. */
  #connect(identified: () => void): Promise<string> {
    const { url, token, ca, host } = this.#options
    return new Promise((resolve) => {
      let reason = 'the connection was lost'
      let beats: NodeJS.Timeout | undefined
      let silence: NodeJS.Timeout | undefined
      const socket = new WebSocket(new URL('/attach', url), {
        headers: { authorization: `Bearer ${token}` },
        ...(ca ? { ca } : {}),
        handshakeTimeout: CONNECT_MS,
        maxPayload: LARGEST_MESSAGE,
        followRedirects: false,
      })
      this.#socket = socket
      socket.on('open', () => {
        // On the connection of before the server may have sent another plan.
        this.#parts = {}
        this.#send({ type: 'identify', server_uuid: host, deployed_version: PROTOCOL, pid: process.pid })
      })
      socket.on('error', (error) => {
        reason = messageOf(error)
      })
      socket.on('unexpected-response', (request, response) => {
        reason =
          response.statusCode === 401
            ? 'it refuses the token of this host'
            : `it answered ${response.statusCode}`
        request.destroy()
        socket.terminate()
      })
      socket.on('close', (code, text) => {
        clearInterval(beats)
        clearTimeout(silence)
        this.#isIdentified = false
        for (const id of [...this.#waiting.keys()]) this.#answer({ id, error: 'the connection was lost' })
        resolve(text.length > 0 ? `${text} (${code})` : reason)
      })
      socket.on('pong', () => silence?.refresh())
      socket.on('message', (data) => {
        silence?.refresh()
        const message = parseMessage(String(data))
        if (!message)
          return void this.#tell('the server has sent a message that is no JSON; it is passed over')
        if (message.type === 'identify_ok') {
          this.#isIdentified = true
          identified()
          this.#tell(`connected to ${url}`)
        } else if (message.type === 'enable_heartbeat') {
          const ms = Math.max(100, Number(message.timeout) || 8000)
          clearInterval(beats)
          beats = setInterval(() => this.#beat(), ms)
          silence ??= setTimeout(() => socket.terminate(), ms * SILENCES)
        } else this.#take(message)
      })
    })
  }

  #take(message: { readonly type: string; readonly [key: string]: unknown }): void {
    const { type, ...fields } = message
    if (type === 'signed') return void this.#answer(fields)
    if (type === 'redeploy')
      return void this.#tell('the server speaks another version; upgrade stv3 here or there')
    if (type === 'shutdown') {
      this.#turn = this.#turn.then(() => this.#options.dismissed()).catch(() => {})
      return void this.#tell('the server does not know this host any more; nothing more is shipped')
    }
    if (!['configuration', 'logsets', 'targets'].includes(type))
      return void this.#tell(`the server has sent a message of an unknown type: ${JSON.stringify(type)}`)
    if (!this.#isIdentified) return
    this.#parts = { ...this.#parts, [type]: fields }
    if (this.#isTaking) return
    this.#isTaking = true
    this.#turn = this.#turn.then(() => this.#use())
  }

  /** Takes the parts that have come, those too that come at the same time. */
  async #use(): Promise<void> {
    await sleep(TOGETHER_MS)
    this.#isTaking = false
    const { configuration, logsets, targets } = this.#parts
    if (!configuration || !logsets || !targets) return
    try {
      await this.#options.usePlan({ configuration, logsets, targets })
      this.#options.logger.info({}, 'uses the configuration of the server')
    } catch (error) {
      this.#tell(
        `the configuration of the server cannot be used, and the last one stays: ${messageOf(error)}`,
      )
    }
  }

  #beat(): void {
    this.#send({ type: 'heartbeat', when: new Date().toISOString(), hostname: this.#options.host })
    this.#socket?.ping()
    this.#report()
  }

  #report(): void {
    if (this.#isIdentified) this.#send({ type: 'status', status: this.#options.report() })
  }

  #answer(message: { readonly id?: unknown; readonly [key: string]: unknown }): void {
    const waiting = this.#waiting.get(Number(message.id))
    if (!waiting) return
    this.#waiting.delete(Number(message.id))
    clearTimeout(waiting.timer)
    waiting.resolve(message)
  }

  #send(message: object): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message))
  }

  /** Writes a line of the log, where it is another than the last one. */
  #tell(sentence: string): void {
    if (sentence !== this.#told) this.#options.logger.warn({}, sentence)
    this.#told = sentence
  }
}
