import {
  type AddressFault,
  booleanOf,
  decodePart,
  QUOTING,
  splitAddress,
  splitServer,
} from './address-parts.ts'

/** The address of one broker, its account and its virtual host. */
export type BrokerAddress = {
  readonly isEncrypted: boolean
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly virtualHost: string
  /** connection settings that the address names */
  readonly tuning: { readonly [name in Tuning]?: number }
}

type Tuning = 'heartbeat' | 'frameMax' | 'channelMax' | 'maxFrameSize'

/**
 * The brokers of an address, at least one, to be tried in turn, and a message about each option without
 * effect.
 */
export type ParsedBrokerAddress = {
  readonly addresses: readonly [BrokerAddress, ...BrokerAddress[]]
  readonly unused: readonly string[]
}

const EXPECTED = 'expected amqp://USER:PASSWORD@HOST[:PORT][,…]/VHOST, amqps://… or memory:'
const SCHEMES: { readonly [scheme: string]: boolean } = { amqp: false, amqps: true, rabbit: false }
const TUNING: { readonly [option: string]: Tuning } = {
  heartbeat: 'heartbeat',
  frame_max: 'frameMax',
  frameMax: 'frameMax',
  channel_max: 'channelMax',
  channelMax: 'channelMax',
  maxFrameSize: 'maxFrameSize',
}
/** Options of RabbitMQ's own clients and of oslo.messaging that are accepted and ignored. */
const UNUSED = ['connection_timeout', 'locale']
const MOST = 2 ** 31

/**
 * Parses `amqp(s)://…`, also with several brokers and with the scheme `rabbit`, as in OpenStack's
 * transport_url. A broker without an account takes that of the broker before it; the first one takes guest
 * with the password guest. An address with any part that is not understood is refused.
 *
 * @example
 * parseBrokerAddress('amqp://stacktach:secret@rabbit1,rabbit2:5673/nova')
 */
export function parseBrokerAddress(text: string): ParsedBrokerAddress | AddressFault {
  const parts = splitAddress(text)
  if ('fault' in parts) return { fault: `${EXPECTED}; ${parts.fault}` }
  const byScheme = SCHEMES[parts.scheme]
  if (byScheme === undefined) return { fault: EXPECTED }
  const virtualHost = decodePart(parts.path.slice(1))
  if (virtualHost === undefined) return { fault: 'the virtual host is not UTF-8 when its %XX are decoded' }
  const options = readOptions(parts.options)
  if ('fault' in options) return options
  const isEncrypted = byScheme || options.isEncrypted
  const addresses: BrokerAddress[] = []
  let account = { user: 'guest', password: 'guest' }
  for (const part of parts.authority.split(',')) {
    const server = splitServer(part)
    if ('fault' in server) return { fault: `${EXPECTED}; ${server.fault}, %2C for ,` }
    if (server.host === '') return { fault: `${EXPECTED}; a host is missing` }
    if (server.user !== undefined) account = { user: server.user, password: server.password ?? '' }
    const port = server.port ?? (isEncrypted ? 5671 : 5672)
    const { tuning } = options
    addresses.push({
      isEncrypted,
      host: server.host,
      port,
      ...account,
      virtualHost: virtualHost || '/',
      tuning,
    })
  }
  const [first, ...others] = addresses
  if (!first) return { fault: `${EXPECTED}; ${QUOTING}` }
  return { addresses: [first, ...others], unused: options.unused }
}

type Options = {
  readonly isEncrypted: boolean
  readonly tuning: BrokerAddress['tuning']
  readonly unused: readonly string[]
}

function readOptions(options: ReadonlyMap<string, string>): Options | AddressFault {
  const tuning: { [name in Tuning]?: number } = {}
  const unused: string[] = []
  for (const [name, text] of options) {
    const tuned = Object.hasOwn(TUNING, name) ? TUNING[name] : undefined
    if (UNUSED.includes(name)) unused.push(`${name} is accepted and has no effect`)
    else if (name === 'ssl') {
      if (booleanOf(text) === undefined) return { fault: 'ssl: expected true or false' }
    } else if (tuned === undefined) return { fault: unknownOption(name) }
    else if (/^\d+$/.test(text) && Number(text) < MOST) tuning[tuned] = Number(text)
    else return { fault: `${name}: expected a whole number` }
  }
  return { isEncrypted: booleanOf(options.get('ssl') ?? '') === true, tuning, unused }
}

function unknownOption(name: string): string {
  const remedy = /cert|key|ca|ssl|verify/i.test(name)
    ? 'ca_file, cert_file and key_file are keys of [rabbit_broker]'
    : `known are ssl, ${Object.keys(TUNING).join(', ')}`
  return `${name} is not understood; ${remedy}`
}

/** Returns `HOST:PORT` for messages, with brackets around an IPv6 address. */
export function nameOfBroker({ host, port }: BrokerAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
