import type { SectionValues } from '../../text/section-schema.ts'
import type { IniReader } from '../documents/ini-reader.ts'
import { readSection } from '../documents/ini-section.ts'
import { YAGI } from '../schemas/yagi-schema.ts'
import { brokerUrlFault, unusedOfBrokerUrl } from './server-url.ts'

/** The settings of the broker: how to reach it, and how many messages to take at a time. */
export type BrokerSettings = {
  /**
   * `amqp(s)://…`, of one broker or of several that are used in turn, or `memory:` for the one in this
   * process
   */
  readonly url: string
  /** most messages that are delivered and not yet acknowledged */
  readonly prefetch: number
  /** most messages that one transaction stores */
  readonly batchSize: number
  /** longest wait for a batch to fill, ms */
  readonly batchMs: number
  /** first pause before a lost connection is opened again, ms */
  readonly reconnectMs: number
  /** longest pause before a lost connection is opened again, ms */
  readonly maxReconnectMs: number
  /** most bytes of a message; larger ones become dead letters */
  readonly maxMessageBytes: number
  readonly caFile: string | undefined
  readonly certFile: string | undefined
  readonly keyFile: string | undefined
  /** `http(s)://…` of RabbitMQ's management plugin, which shows what AMQP does not */
  readonly managementUrl: string | undefined
}

const SECTION = 'rabbit_broker'
const LARGEST_PREFETCH = 65_535

type Values = SectionValues<(typeof YAGI)['BROKER']>

/** Reads [rabbit_broker]. Adds faults to the reader's findings. */
export function readBroker(ini: IniReader): BrokerSettings {
  const values = readSection(ini, YAGI.BROKER, () => SECTION)
  return {
    url: brokerUrl(ini, values),
    prefetch: Math.min(values.prefetch ?? 4 * values.batch_size, LARGEST_PREFETCH),
    batchSize: values.batch_size,
    batchMs: values.batch_ms,
    reconnectMs: values.reconnect_delay * 1000,
    maxReconnectMs: values.max_wait * 1000,
    maxMessageBytes: values.max_message_mb * 1024 * 1024,
    caFile: values.ca_file || undefined,
    certFile: values.cert_file || undefined,
    keyFile: values.key_file || undefined,
    managementUrl: managementUrl(ini, values),
  }
}

function managementUrl(ini: IniReader, { management_url }: Values): string | undefined {
  const url = management_url || undefined
  if (url !== undefined && !(URL.canParse(url) && /^https?:\/\//.test(url))) {
    const message = 'management_url: expected http(s)://[USER:PASSWORD@]HOST:PORT'
    ini.report(SECTION, 'management_url', message)
  }
  return url
}

/** Returns the `url`, or one that is made of the separate keys. */
function brokerUrl(ini: IniReader, { url, ...values }: Values): string {
  if (url) {
    const fault = brokerUrlFault(url)
    if (fault) ini.report(SECTION, 'url', `url: ${fault}`)
    for (const unused of unusedOfBrokerUrl(url)) ini.report(SECTION, 'url', `url: ${unused}`, 'warning')
    warnOfKeysBesideUrl(ini)
    return url
  }
  const scheme = values.ssl ? 'amqps' : 'amqp'
  const [user, password, vhost] = [values.user, values.password, values.vhost].map(encodeURIComponent)
  const hosts = values.host.map((host) => withPort(host, values.port))
  const servers = hosts.length > 0 ? hosts : [`localhost:${values.port}`]
  const made = `${scheme}://${user}:${password}@${servers.join(',')}/${vhost}`
  if (brokerUrlFault(made)) {
    const message = 'host: expected HOST, or several HOST[:PORT] with commas that are used in turn'
    ini.report(SECTION, 'host', message)
  }
  return made
}

function withPort(host: string, port: number): string {
  if (/^[^:]*:\d+$|\]:\d+$/.test(host)) return host
  return /:.*:/.test(host) && !host.startsWith('[') ? `[${host}]:${port}` : `${host}:${port}`
}

/** Warns of keys that have no effect beside `url`, and that a reader might believe to be used. */
function warnOfKeysBesideUrl(ini: IniReader): void {
  const beside = ['host', 'user', 'password', 'port', 'vhost', 'ssl']
  for (const key of ini.keysOf(SECTION).filter((name) => beside.includes(name))) {
    ini.report(SECTION, key, `${key}: has no effect beside url, which says it`, 'warning')
  }
}
