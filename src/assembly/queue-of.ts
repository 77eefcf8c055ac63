import type { QueueSpec } from '../broker/queue-spec.ts'
import type { BrokerSettings } from '../config/load/broker-settings.ts'
import type { YagiSettings } from '../config/load/yagi-settings.ts'
import { ConfigError } from '../domain/errors.ts'

/**
 * Returns a queue of a yagi.conf and its broker; without `name` the first queue. Throws ConfigError when
 * there is no such queue.
 */
export function queueOf(
  yagi: YagiSettings | undefined,
  name: string | undefined,
  file: string,
): { readonly broker: BrokerSettings; readonly queue: QueueSpec } {
  const queues = yagi?.queues ?? []
  const queue = name === undefined ? queues[0] : queues.find((spec) => spec.queue === name)
  if (yagi && queue) return { broker: yagi.broker, queue }
  if (!yagi) throw new ConfigError(`${file} is no yagi.conf, which names the queues`)
  if (queues.length === 0) throw new ConfigError(`${file} names no queue`)
  const known = queues.map((spec) => spec.queue).join(', ')
  throw new ConfigError(`${file} has no queue ${name}; it has ${known}`)
}
