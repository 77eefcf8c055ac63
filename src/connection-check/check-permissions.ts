import { type Permissions, readPermissions } from '../broker/amqp/management.ts'
import { exchangesOf } from '../broker/queue-spec.ts'
import type { QueueSettings } from '../config/load/yagi-settings.ts'
import { messageOf } from '../domain/errors.ts'
import { type ConnectionFinding, PATIENCE_MS } from './connection-finding.ts'

/** The account that reads the queues, and where its rights can be asked for. */
export type AskedAccount = { readonly url: string; readonly vhost: string; readonly user: string }

/**
 * Checks whether an account has the rights of a consumer of these queues. `found` says which of them exist. Only an
 * administrator of the broker sees rights; for others the finding says that they are not told.
 */
export async function checkPermissions(
  { url, vhost, user }: AskedAccount,
  queues: readonly QueueSettings[],
  found: readonly ConnectionFinding[],
): Promise<ConnectionFinding> {
  const about = { object: 'rights', name: `${user} on virtual host ${vhost}` } as const
  try {
    const permissions = await readPermissions(url, vhost, user, PATIENCE_MS)
    const existing = new Set(found.filter(({ facts }) => facts?.exists === true).map(({ name }) => name))
    const missing = permissions ? missingRights(permissions, queues, existing) : ['any']
    const facts = { ...permissions, missing }
    if (missing.length === 0) return { ...about, state: 'ok', text: 'suffice to read all queues', facts }
    const remedy = `rabbitmqctl set_permissions -p ${vhost} ${user} CONFIGURE WRITE READ`
    return { ...about, state: 'error', text: `this account lacks ${missing.join(', ')}`, remedy, facts }
  } catch (error) {
    const text = `are not told: ${messageOf(error)}`
    return {
      ...about,
      state: 'ok',
      text: `${text}; the account of management_url needs the tag administrator`,
    }
  }
}

/**
 * Returns the rights that reading these queues needs and the patterns do not give, such as `read on nova`. A queue that
 * exists need not be configured.
 */
export function missingRights(
  { configure, write, read }: Permissions,
  queues: readonly QueueSettings[],
  existing: ReadonlySet<string>,
): string[] {
  const missing = queues.flatMap((spec) => {
    const { queue, passive, exchangePassive } = spec
    if (passive) return lacking('read', read, [queue])
    const exchanges = exchangesOf(spec)
    const made = [queue, ...(exchangePassive ? [] : exchanges)].filter((name) => !existing.has(name))
    return [
      ...lacking('configure', configure, made),
      ...lacking('write', write, exchanges.length > 0 ? [queue] : []),
      ...lacking('read', read, [queue, ...exchanges]),
    ]
  })
  return [...new Set(missing)]
}

function lacking(right: string, pattern: string, names: readonly string[]): string[] {
  return names.filter((name) => !matches(pattern, name)).map((name) => `${right} on ${name}`)
}

/** Whether a pattern of RabbitMQ matches a name: anywhere in it, and an empty one nowhere. */
function matches(pattern: string, name: string): boolean {
  if (pattern === '') return false
  try {
    return new RegExp(pattern).test(name)
  } catch {
    // What only Erlang's expressions know is given the benefit of the doubt.
    return true
  }
}
