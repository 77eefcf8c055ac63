import { causeOf, messageOf, TransientError } from '../../domain/errors.ts'
import { sendOut } from '../../runtime/outgoing.ts'
import { splitCredentials } from '../../text/url-credentials.ts'
import type { Binding } from '../queue-spec.ts'

/** A queue as RabbitMQ's management plugin describes it, with details that AMQP does not show. */
export type ManagedQueue = {
  readonly type: string
  readonly durable: boolean
  readonly arguments: { readonly [name: string]: unknown }
  readonly bindings: readonly Binding[]
}

/** Reads an existing queue of a virtual host from the plugin at `url`. Rejects with TransientError. */
export async function readManagedQueue(
  url: string,
  vhost: string,
  queue: string,
  timeoutMs: number,
): Promise<ManagedQueue> {
  const path = `api/queues/${encodeURIComponent(vhost)}/${encodeURIComponent(queue)}`
  const ask = (resource: string) => get(url, resource, timeoutMs)
  const [found, bindings] = (await Promise.all([ask(path), ask(`${path}/bindings`)])) as [
    { type?: string; durable: boolean; arguments?: { [name: string]: unknown } },
    readonly { source: string; routing_key: string }[],
  ]
  return {
    type: found.type ?? 'classic',
    durable: found.durable,
    arguments: found.arguments ?? {},
    // Every queue is bound to the exchange without a name.
    bindings: bindings
      .filter(({ source }) => source !== '')
      .map(({ source, routing_key }) => ({ exchange: source, routingKey: routing_key })),
  }
}

/** Patterns of the names of queues and exchanges that an account may configure, write and read. */
export type Permissions = { readonly configure: string; readonly write: string; readonly read: string }

/**
 * Reads the rights of an account in a virtual host from the plugin at `url`; undefined where it has none. Rejects with
 * TransientError, also where the account of the plugin may not see them: it needs the tag administrator.
 */
export async function readPermissions(
  url: string,
  vhost: string,
  user: string,
  timeoutMs: number,
): Promise<Permissions | undefined> {
  const path = `api/users/${encodeURIComponent(user)}/permissions`
  const all = (await get(url, path, timeoutMs)) as readonly (Permissions & { readonly vhost: string })[]
  return all.find((one) => one.vhost === vhost)
}

async function get(url: string, resource: string, timeoutMs: number): Promise<unknown> {
  const { bare, authorization } = splitCredentials(url)
  bare.pathname = `${bare.pathname.replace(/\/$/, '')}/${resource}`
  try {
    const headers = authorization === undefined ? {} : { authorization }
    const response = await sendOut(bare, { headers, signal: AbortSignal.timeout(timeoutMs) })
    if (response.ok) return await response.json()
    throw new Error(`it answers ${response.status} ${response.statusText}`)
  } catch (error) {
    const cause = messageOf(causeOf(error) ?? error)
    throw new TransientError(`the management plugin at ${bare.host}: ${cause}`, { cause: error })
  }
}
