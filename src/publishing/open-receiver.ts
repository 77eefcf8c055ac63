import type { Logger } from '../runtime/logger.ts'
import { Outage } from '../runtime/outage.ts'
import type { Shared } from '../runtime/shared.ts'
import { Receiver } from './receiver.ts'

/** What receivers need of whoever opens them. */
export type ReceiverServices = { readonly logger: Pick<Logger, 'info' | 'warn'>; readonly shared: Shared }

/** Outages by the key of their receiver: of many who send to one, the log says once that it is away. */
class Outages {
  readonly #byKey = new Map<string, Outage>()

  of(key: string, name: string, logger: ReceiverServices['logger']): Outage {
    const outage = this.#byKey.get(key) ?? new Outage(logger, `${name} takes what is sent again`)
    this.#byKey.set(key, outage)
    return outage
  }
}

/**
 * Creates the receiver of one sender: another user or header may be treated otherwise. Receivers of one key are away
 * together in the log.
 */
export function openReceiver({ logger, shared }: ReceiverServices, name: string, key = name): Receiver {
  return new Receiver(name, shared(Outages).of(key, name, logger))
}
