import { openInspector } from '../assembly/open-broker.ts'
import type { Inspector } from '../broker/amqp/amqp-inspector.ts'
import { type ManagedQueue, readManagedQueue } from '../broker/amqp/management.ts'
import { exchangesOf } from '../broker/queue-spec.ts'
import type { QueueSettings, YagiSettings } from '../config/load/yagi-settings.ts'
import { messageOf, StackTachError } from '../domain/errors.ts'
import { silentLogger } from '../runtime/logger.ts'
import { nameOfBroker, parseBrokerAddress } from '../text/broker-address.ts'
import { answerOf, type ConnectionFinding, failed, PATIENCE_MS } from './connection-finding.ts'

/** State of a queue as the inspector sees it; undefined when it does not exist. */
type Sight = Awaited<ReturnType<Inspector['queue']>>

/** Checks broker, queues and exchanges of a yagi.conf and changes nothing. */
export async function checkBroker({ broker, queues }: YagiSettings): Promise<ConnectionFinding[]> {
  if (broker.url.startsWith('memory:')) {
    return [{ object: 'broker', name: '', state: 'ok', text: 'is in memory: there is nothing to check' }]
  }
  const { name, vhost } = nameOf(broker.url)
  const opened = openInspector(broker, silentLogger)
  try {
    const { inspector, close } = await answerOf(opened, 'the broker')
    const manage = (queue: string) =>
      broker.managementUrl
        ? readManagedQueue(broker.managementUrl, vhost, queue, PATIENCE_MS)
        : Promise.resolve(undefined)
    try {
      const found = await answerOf(inspectAll(inspector, queues, manage), 'the broker')
      const hint = broker.managementUrl ? '' : '; set management_url to see types and bindings of queues'
      return [{ object: 'broker', name, state: 'ok', text: `${inspector.product} answers${hint}` }, ...found]
    } finally {
      // Not awaited: a broker that has stopped answering does not close the connection either.
      void close().catch(() => {})
    }
  } catch (error) {
    return [failed('broker', name, error, 'see url in [rabbit_broker]')]
  }
}

function nameOf(url: string): { readonly name: string; readonly vhost: string } {
  const parsed = parseBrokerAddress(url)
  if ('fault' in parsed) throw new StackTachError('config', `url: ${parsed.fault}`)
  const [{ user, virtualHost: vhost }] = parsed.addresses
  return { name: `${parsed.addresses.map(nameOfBroker).join(', ')} as ${user}, virtual host ${vhost}`, vhost }
}

async function inspectAll(
  inspector: Inspector,
  queues: readonly QueueSettings[],
  manage: (queue: string) => Promise<ManagedQueue | undefined>,
): Promise<ConnectionFinding[]> {
  const findings: ConnectionFinding[] = []
  for (const queue of queues) findings.push(await checkQueue(inspector, queue, manage))
  const owners = new Map(queues.flatMap((queue) => exchangesOf(queue).map((exchange) => [exchange, queue])))
  for (const [exchange, queue] of owners) findings.push(await checkExchange(inspector, exchange, queue))
  const exchanges = findings.filter(({ object }) => object === 'exchange')
  if (exchanges.length > 1 && exchanges.every(({ facts }) => facts?.exists === false)) {
    const text = 'none of the exchanges exists'
    const remedy = 'is this the virtual host of transport_url in nova.conf?'
    findings.push({ object: 'exchange', name: '', state: 'warning', text, remedy })
  }
  return findings
}

async function checkQueue(
  inspector: Inspector,
  spec: QueueSettings,
  manage: (queue: string) => Promise<ManagedQueue | undefined>,
): Promise<ConnectionFinding> {
  const { queue: name } = spec
  const sight = await inspector.queue(name)
  if (!sight) return missingQueue(spec)
  const managed = await manage(name).catch((error) => messageOf(error))
  const told = typeof managed === 'object' ? describe(managed) : managed ? ` (${managed})` : ''
  const { messages, consumers } = sight
  const waiting = messages === 1 ? '1 message waits' : `${messages} messages wait`
  const readers = consumers === 1 ? '1 consumer reads it' : `${consumers} consumers read it`
  const text = `${waiting}, ${readers}${told}`
  const facts = { exists: true, messages, consumers, ...(typeof managed === 'object' ? managed : {}) }
  return { object: 'queue', name, ...verdictOf(spec, sight, managed), text, facts }
}

function missingQueue({ queue: name, passive }: QueueSettings): ConnectionFinding {
  const facts = { exists: false }
  if (!passive)
    return { object: 'queue', name, state: 'ok', text: 'does not exist yet; consume creates it', facts }
  const text = 'does not exist yet; consume waits for it (passive = True)'
  const remedy = 'the first notification to it creates it'
  return { object: 'queue', name, state: 'warning', text, remedy, facts }
}

function verdictOf(
  spec: QueueSettings,
  { messages, consumers }: NonNullable<Sight>,
  managed: ManagedQueue | string | undefined,
): Pick<ConnectionFinding, 'state' | 'remedy'> {
  if (messages > 0 && consumers === 0) return { state: 'warning', remedy: 'is stv3 consume running?' }
  if (typeof managed !== 'object') return { state: 'ok' }
  const unbound = exchangesOf(spec).filter(
    (exchange) => !managed.bindings.some((binding) => binding.exchange === exchange),
  )
  if (unbound.length === 0) return { state: 'ok' }
  return {
    state: 'warning',
    remedy: `it is not bound to ${unbound.join(', ')}: consume does so when it runs`,
  }
}

function describe({ type, durable, bindings }: ManagedQueue): string {
  const bound = bindings.map(({ exchange, routingKey }) => `${exchange} with ${routingKey}`).join(', ')
  const lasting = durable ? 'durable' : 'not durable'
  return `; ${type}, ${lasting}, ${bound === '' ? 'bound to no exchange' : `bound to ${bound}`}`
}

async function checkExchange(
  inspector: Inspector,
  name: string,
  queue: QueueSettings,
): Promise<ConnectionFinding> {
  const exists = await inspector.hasExchange(name)
  const facts = { exists }
  if (exists) return { object: 'exchange', name, state: 'ok', text: 'exists', facts }
  if (!queue.exchangePassive) {
    return { object: 'exchange', name, state: 'ok', text: 'does not exist yet; consume creates it', facts }
  }
  const text = 'does not exist yet; consume waits for it (exchange_passive = True)'
  const remedy = 'its service creates it when it starts: see control_exchange in its configuration'
  return { object: 'exchange', name, state: 'warning', text, remedy, facts }
}
