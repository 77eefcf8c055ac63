import { openInspector } from '../assembly/open-broker.ts'
import type { Comparison, Inspector } from '../broker/amqp/amqp-inspector.ts'
import { type ManagedQueue, readManagedQueue } from '../broker/amqp/management.ts'
import { exchangesOf } from '../broker/queue-spec.ts'
import type { QueueSettings, YagiSettings } from '../config/load/yagi-settings.ts'
import { messageOf, StackTachError } from '../domain/errors.ts'
import { silentLogger } from '../runtime/logger.ts'
import { nameOfBroker, parseBrokerAddress } from '../text/broker-address.ts'
import { checkPermissions } from './check-permissions.ts'
import { answerOf, type ConnectionFinding, failed, PATIENCE_MS } from './connection-finding.ts'

/** State of a queue as the inspector sees it; undefined when it does not exist. */
type Sight = Awaited<ReturnType<Inspector['queue']>>

/**
 * Checks broker, queues and exchanges of a yagi.conf and changes nothing. `depth` is `counts` where only messages and
 * consumers of queues are of interest: then nothing is declared, and the management plugin is not asked.
 */
export async function checkBroker(
  { broker, queues }: YagiSettings,
  depth: 'counts' | 'all' = 'all',
): Promise<ConnectionFinding[]> {
  if (broker.url.startsWith('memory:')) {
    return [{ object: 'broker', name: '', state: 'ok', text: 'is in memory: there is nothing to check' }]
  }
  const { name, vhost, user } = nameOf(broker.url)
  const url = depth === 'all' ? broker.managementUrl : undefined
  const opened = openInspector(broker, silentLogger)
  try {
    const { inspector, close } = await answerOf(opened, 'the broker')
    const manage = (queue: string) =>
      url ? readManagedQueue(url, vhost, queue, PATIENCE_MS) : Promise.resolve(undefined)
    try {
      const compare = depth === 'all' ? inspector.compareQueue : async () => undefined
      const found = await answerOf(inspectAll({ inspector, manage, compare }, queues), 'the broker')
      if (url) found.push(await checkPermissions({ url, vhost, user }, queues, found))
      const hint = broker.managementUrl
        ? ''
        : '; set management_url to see types and bindings of queues, and rights'
      return [{ object: 'broker', name, state: 'ok', text: `${inspector.product} answers${hint}` }, ...found]
    } finally {
      // Not awaited: a broker that has stopped answering does not close the connection either.
      void close().catch(() => {})
    }
  } catch (error) {
    return [failed('broker', name, error, 'see url in [rabbit_broker]')]
  }
}

type Account = { readonly name: string; readonly vhost: string; readonly user: string }

function nameOf(url: string): Account {
  const parsed = parseBrokerAddress(url)
  if ('fault' in parsed) throw new StackTachError('config', `url: ${parsed.fault}`)
  const [{ user, virtualHost: vhost }] = parsed.addresses
  const name = `${parsed.addresses.map(nameOfBroker).join(', ')} as ${user}, virtual host ${vhost}`
  return { name, vhost, user }
}

/** The ways of looking at a queue. */
type Views = {
  readonly inspector: Inspector
  readonly manage: (queue: string) => Promise<ManagedQueue | undefined>
  readonly compare: (queue: QueueSettings) => Promise<Comparison | undefined>
}

async function inspectAll(views: Views, queues: readonly QueueSettings[]): Promise<ConnectionFinding[]> {
  const { inspector } = views
  const findings: ConnectionFinding[] = []
  for (const queue of queues) findings.push(await checkQueue(views, queue))
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
  { inspector, manage, compare }: Views,
  spec: QueueSettings,
): Promise<ConnectionFinding> {
  const { queue: name } = spec
  const sight = await inspector.queue(name)
  if (!sight) return missingQueue(spec)
  const managed = await manage(name).catch((error) => messageOf(error))
  const told = typeof managed === 'object' ? describe(managed) : managed ? ` (${managed})` : ''
  const { messages, consumers } = sight
  const waiting = messages === 1 ? '1 message waits' : `${messages} messages wait`
  const readers = consumers === 1 ? '1 consumer reads it' : `${consumers} consumers read it`
  const compared = spec.passive ? undefined : await compare(spec)
  const text = `${waiting}, ${readers}${told}${compared ? comparedText(compared) : ''}`
  const facts = { exists: true, messages, consumers, ...(typeof managed === 'object' ? managed : {}) }
  return { object: 'queue', name, ...verdictOf(spec, sight, managed, compared), text, facts }
}

function comparedText(compared: Comparison): string {
  if (compared.state === 'different')
    return `; it exists with other arguments than configured (${compared.difference})`
  if (compared.state === 'same') return '; as configured'
  return '; this account may not configure it: it is used as it is'
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
  compared: Comparison | undefined,
): Pick<ConnectionFinding, 'state' | 'remedy'> {
  if (compared?.state === 'different')
    return { state: 'warning', remedy: 'it is used as it is: change the configuration, or delete the queue' }
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
