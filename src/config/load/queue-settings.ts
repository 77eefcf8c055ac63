import { type Binding, exchangesOf, type QueueSpec, type StreamOffset } from '../../broker/queue-spec.ts'
import { MICROS_PER_SECOND, parseIso } from '../../domain/time.ts'
import type { SectionValues } from '../../text/section-schema.ts'
import { didYouMean } from '../../text/suggest.ts'
import type { IniReader } from '../documents/ini-reader.ts'
import type { YAGI } from '../schemas/yagi-schema.ts'

const EXCHANGE_TYPES = ['topic', 'direct', 'fanout', 'headers']
const QUEUE_TYPES = ['classic', 'quorum', 'stream']
/** The exchanges that OpenStack's services declare, and cannot use when they exist with other settings. */
const OPENSTACK =
  'nova glance cinder openstack neutron keystone heat ironic swift octavia manila magnum trove'.split(' ')

type Values = SectionValues<(typeof YAGI)['CONSUMER']>

/** Reads how a queue is declared, or that it is passive. Adds contradictions to the reader's findings. */
export function readQueueSpec(ini: IniReader, queue: string, values: Values): QueueSpec {
  const section = `consumer:${queue}`
  const { durable, auto_delete: autoDelete, passive } = values
  const spec: QueueSpec = {
    queue,
    bindings: passive ? [] : readBindings(ini, section, queue, values),
    exchangeType: values.exchange_type,
    durable,
    autoDelete,
    exchangeDurable: values.exchange_durable ?? durable,
    exchangeAutoDelete: values.exchange_auto_delete ?? autoDelete,
    passive,
    exchangePassive: values.exchange_passive ?? passive,
    arguments: readArguments(ini, section, values),
    streamOffset: readStreamOffset(ini, section, values),
  }
  if (passive) checkPassive(ini, section, values)
  else checkOwn(ini, section, spec, values)
  return spec
}

/** Returns one binding for each pair of an exchange and a key. */
function readBindings(ini: IniReader, section: string, queue: string, values: Values): Binding[] {
  const keys = values.routing_key === undefined ? [queue] : ini.list(section, 'routing_key')
  return values.exchange.flatMap((exchange) =>
    (keys.length > 0 ? keys : ['']).map((routingKey) => ({ exchange, routingKey })),
  )
}

/** Finds an unknown type of exchange; those of plugins begin with `x-`. */
function checkExchangeType(ini: IniReader, section: string, { exchange_type: type }: Values): void {
  if (EXCHANGE_TYPES.includes(type) || /^x-./.test(type)) return
  const message = `exchange_type: expected ${EXCHANGE_TYPES.join(', ')} or one of a plugin, x-…, found ${JSON.stringify(type)}`
  ini.report(section, 'exchange_type', `${message}${didYouMean(type, EXCHANGE_TYPES)}`)
}

function readArguments(
  ini: IniReader,
  section: string,
  { queue_type: type, queue_arguments }: Values,
): { [name: string]: string | number | boolean } {
  if (type !== '' && !QUEUE_TYPES.includes(type)) {
    const message = `queue_type: expected classic, quorum or stream, found ${JSON.stringify(type)}`
    ini.report(section, 'queue_type', `${message}${didYouMean(type, QUEUE_TYPES)}`)
  }
  const pairs = queue_arguments.map((text): [string, string] => {
    const colon = text.indexOf(':')
    return [text.slice(0, Math.max(colon, 0)).trim(), text.slice(colon + 1).trim()]
  })
  for (const [name, value] of pairs) {
    if (name !== '' && value !== '' && name !== 'x-queue-type') continue
    const message =
      name === 'x-queue-type'
        ? `x-queue-type is told by queue_type = ${value}`
        : 'expected NAME: VALUE with commas between, such as x-message-ttl: 86400000, x-max-length: 100000'
    ini.report(section, 'queue_arguments', `queue_arguments: ${message}`)
  }
  const typed = pairs.map(([name, value]) => [name, typedValue(value)] as const)
  return Object.fromEntries(type === '' ? typed : [['x-queue-type', type] as const, ...typed])
}

/**
 * Converts a text to a boolean or a number where it is one, since the types of arguments matter to the
 * broker.
 */
function typedValue(text: string): string | number | boolean {
  if (/^(true|false)$/i.test(text)) return text.toLowerCase() === 'true'
  return /^[+-]?\d+$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : text
}

function readStreamOffset(ini: IniReader, section: string, values: Values): StreamOffset | undefined {
  const text = values.stream_offset ?? (values.queue_type === 'stream' ? 'first' : '')
  if (text === 'first' || text === 'last' || text === 'next') return text
  if (text === '') return undefined
  if (/^\d+$/.test(text)) return Number(text)
  const since = parseIso(text)
  if (since !== undefined) return { sinceS: Math.floor(since / MICROS_PER_SECOND) }
  const expected = 'expected first, last, next, an offset or an ISO 8601 time'
  ini.report(section, 'stream_offset', `stream_offset: ${expected}, found ${JSON.stringify(text)}`)
  return undefined
}

function checkPassive(ini: IniReader, section: string, values: Values): void {
  const isWritten = (key: string) => ini.keysOf(section).includes(key)
  for (const key of ['queue_type', 'queue_arguments'].filter(isWritten)) {
    const message = `${key}: does not go with passive = True, which declares nothing; leave it out, or write passive = False for a queue of your own`
    ini.report(section, key, message)
  }
  if (values.exchange_passive === false) {
    const message =
      'exchange_passive: does not go with passive = True, which binds the queue to nothing; leave it out'
    ini.report(section, 'exchange_passive', message)
  }
  const idle = 'exchange exchange_type routing_key durable auto_delete exchange_durable exchange_auto_delete'
  for (const key of idle.split(' ').filter(isWritten)) {
    const message = `${key}: has no effect with passive = True; who owns the queue declares and binds it`
    ini.report(section, key, message, 'warning')
  }
}

function checkOwn(ini: IniReader, section: string, spec: QueueSpec, values: Values): void {
  const type = spec.arguments?.['x-queue-type']
  if (type === 'quorum' || type === 'stream') {
    if (!spec.durable)
      ini.report(section, 'durable', `durable: a ${type} queue is always durable; leave it out`)
    if (spec.autoDelete) {
      ini.report(
        section,
        'auto_delete',
        `auto_delete: a ${type} queue is never deleted by itself; leave it out`,
      )
    }
  }
  checkStream(ini, section, type === 'stream', values.stream_offset)
  checkExchangeType(ini, section, values)
  checkExchanges(ini, section, spec)
}

function checkStream(ini: IniReader, section: string, isStream: boolean, written: string | undefined): void {
  if (!isStream) {
    if (written)
      ini.report(section, 'stream_offset', 'stream_offset: needs queue_type = stream (or passive = True)')
    return
  }
  const offset = written ?? 'first'
  const consequence =
    offset === 'next' || offset === 'last'
      ? `from stream_offset = ${offset}, what comes while no consumer runs is never read; only first misses nothing`
      : `each start reads all of it again from stream_offset = ${offset} (and stores nothing twice); a quorum queue does not`
  const message = `queue_type: of a stream the broker does not remember what was read: ${consequence}`
  ini.report(section, written ? 'stream_offset' : 'queue_type', message, 'warning')
}

function checkExchanges(ini: IniReader, section: string, spec: QueueSpec): void {
  const { bindings, exchangePassive } = spec
  if (ini.keysOf(section).includes('exchange_passive')) {
    if (exchangePassive && bindings.length === 0) {
      const message = 'exchange_passive: expected the exchanges to bind to in `exchange`'
      ini.report(section, 'exchange_passive', message)
    }
    return
  }
  const exchanges = exchangesOf(spec)
  const theirs = exchanges.filter((exchange) => OPENSTACK.includes(exchange))
  if (theirs.length > 0) {
    const message = `exchange: ${theirs.join(', ')}: OpenStack's services fail when such an exchange was made by others before them and otherwise; write exchange_passive = True (it is waited for, never made), or passive = True to read a queue of theirs`
    ini.report(section, 'exchange', message, 'warning')
  } else if (exchanges.length > 1) {
    const message =
      "exchange: names several; write exchange_passive = True where they are others' (they are waited for, never made), or False to make them"
    ini.report(section, 'exchange', message, 'warning')
  }
}
