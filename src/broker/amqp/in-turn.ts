import type { connect } from 'amqplib'
import { messageOf } from '../../domain/errors.ts'
import type { BrokerAddress } from '../../text/broker-address.ts'

/** Uses one of several brokers, and after a lost connection the next. */
export class InTurn {
  readonly #addresses: readonly BrokerAddress[]
  #next = 0

  constructor(addresses: readonly BrokerAddress[]) {
    this.#addresses = addresses
  }

  /**
   * Opens the next broker that can be opened. When none can, rejects with an Error whose message has all
   * failures, and whose cause is the last.
   */
  async open<T>(open: (address: BrokerAddress) => Promise<T>): Promise<T> {
    const failures: string[] = []
    for (;;) {
      const address = this.#addresses[this.#next++ % this.#addresses.length] as BrokerAddress
      try {
        return await open(address)
      } catch (error) {
        failures.push(messageOf(error))
        if (failures.length < this.#addresses.length) continue
        throw new Error(failures.join('; '), { cause: error })
      }
    }
  }
}
/** Returns an address as connection options of the library. */
export function connectOptionsOf(address: BrokerAddress, heartbeatS: number): Parameters<typeof connect>[0] {
  return {
    protocol: address.isEncrypted ? 'amqps' : 'amqp',
    hostname: address.host,
    port: address.port,
    username: address.user,
    password: address.password,
    // The library decodes it.
    vhost: encodeURIComponent(address.virtualHost),
    heartbeat: heartbeatS,
    ...address.tuning,
  }
}
