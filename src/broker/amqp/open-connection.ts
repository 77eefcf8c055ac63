import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { SecureContextOptions } from 'node:tls'
import { type ChannelModel, connect } from 'amqplib'
import { messageOf } from '../../domain/errors.ts'
import { type BrokerAddress, nameOfBroker } from '../../text/broker-address.ts'
import { brokerText } from './amqp-refusal.ts'
import { connectOptionsOf } from './in-turn.ts'

/** Internals of the library: a connection during its opening handshake. */
type Opening = {
  open(fields: object, done: (error: Error | null, ok?: unknown) => void): void
  step(take: (error: Error | null, frame: Frame | null) => void): void
}
type Frame = {
  readonly id: number
  readonly fields?: { readonly replyText: string; readonly replyCode: number }
}

/** The method by which a broker closes a connection: class 10, method 50. */
const CONNECTION_CLOSE = (10 << 16) | 50
const ACCESS_REFUSED = 403
/** Errors of Node's TLS; their codes are words of the certificate's fault, or begin with ERR_. */
const TLS_CODE = /^(ERR_|CERT_|UNABLE_|SELF_SIGNED|DEPTH_|.*_CERT)/

/** What the library says of bytes that are no frames. */
const OTHER_PROTOCOL = /^(?:Frame size \d+ exceeds|Invalid frame)/

/**
 * The interval of heartbeats, s. A server notices a vanished client after two to three of them and
 * redelivers.
 */
const HEARTBEAT_S = 8
const CONNECT_TIMEOUT_MS = 10_000

keepRefusals()

/**
 * Connects to one broker. Rejects with an Error that names the broker and has its own words: why it refuses the
 * account, the virtual host or another connection.
 */
export async function openConnection(
  address: BrokerAddress,
  tls: SecureContextOptions | undefined,
): Promise<ChannelModel> {
  try {
    return await connect(connectOptionsOf(address, HEARTBEAT_S), {
      ...tls,
      timeout: CONNECT_TIMEOUT_MS,
      // A message is sent in several pieces; later ones must not wait for the broker to acknowledge the first.
      noDelay: true,
    })
  } catch (error) {
    throw new Error(`the broker at ${nameOfBroker(address)} ${failureOf(error, address)}`, { cause: error })
  }
}

function failureOf(error: unknown, { user }: BrokerAddress): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  const text = brokerText(error)
  if (code === ACCESS_REFUSED || /ACCESS-REFUSED/.test(messageOf(error)))
    return `refuses the account ${user}: ${text}`
  if (typeof code === 'number') return `refuses the connection: ${text}`
  if (TLS_CODE.test(String(code))) return `cannot be used over TLS: ${reasonOfTls(error) ?? text}`
  if (OTHER_PROTOCOL.test(text)) return 'speaks another protocol than AMQP: look at host and port'
  return `does not answer: ${text}`
}

/** Returns what OpenSSL says without the place in its sources, such as `wrong version number`. */
function reasonOfTls(error: unknown): string | undefined {
  return error instanceof Error && 'reason' in error ? String(error.reason) : undefined
}

/**
 * Makes the library reject with the broker's words when the broker closes a connection that is being opened. The
 * library itself says only that another frame was expected.
 */
function keepRefusals(): void {
  const require = createRequire(import.meta.url)
  const file = join(dirname(require.resolve('amqplib')), 'lib', 'connection.js')
  const { prototype } = (require(file) as { Connection: { prototype: Opening } }).Connection
  const { open } = prototype
  prototype.open = function (this: Opening, fields, done) {
    const { step } = this
    let refusal: Error | undefined
    this.step = (take) =>
      step.call(this, (error, frame) => {
        if (frame?.id === CONNECTION_CLOSE && frame.fields) refusal = refusalOf(frame.fields)
        take(error, frame)
      })
    open.call(this, fields, (error, ok) => done(error === null ? null : (refusal ?? error), ok))
  }
}

function refusalOf({ replyText, replyCode }: NonNullable<Frame['fields']>): Error {
  return Object.assign(new Error(replyText), { code: replyCode })
}
