import type { Logger } from '../runtime/logger.ts'
import { Outage } from '../runtime/outage.ts'
import type { Shared } from '../runtime/shared.ts'
import { Receiver } from './receiver.ts'

/** The services that openReceiver needs. */
export type ReceiverServices = { readonly logger: Pick<Logger, 'info' | 'warn'>; readonly shared: Shared }

/** Outages by the key of their receiver, so that the log reports an outage once for all senders. */
class Outages {
  readonly #byKey = new Map<string, Outage>()

  of(key: string, name: string, logger: ReceiverServices['logger']): Outage {
    const outage = this.#byKey.get(key) ?? new Outage(logger, `${name} takes what is sent again`)
    this.#byKey.set(key, outage)
    return outage
  }

  /** Returns why receivers take nothing at the moment. */
  reasons(): readonly string[] {
    return [...this.#byKey.values()].flatMap(({ reason }) => reason ?? [])
  }
}

/**
 * Creates a receiver for one sender, since a server may treat other users or headers differently. Receivers
 * of the same key share one outage in the log.
 */
export function openReceiver({ logger, shared }: ReceiverServices, name: string, key = name): Receiver {
  return new Receiver(name, shared(Outages).of(key, name, logger))
}

/** Returns why the receivers of a process take nothing at the moment, with their own words; most often none. */
export function awayReceivers(shared: Shared): readonly string[] {
  return shared(Outages).reasons()
}
