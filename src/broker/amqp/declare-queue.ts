import type { Channel, ChannelModel } from 'amqplib'
import { TransientError } from '../../domain/errors.ts'
import type { QueueSpec } from '../queue-spec.ts'
import { declare, isThere } from './declare.ts'
import type { Notices } from './notices.ts'

/** Thrown for a passive queue that its owner has not created yet. */
export class AwaitedQueueError extends TransientError {}

/**
 * Declares a queue, or looks at a passive one. A queue that exists with other settings is used as it is.
 * Rejects with AwaitedQueueError when a passive queue does not exist, and with TransientError when this
 * account may not create a queue of its own.
 */
export async function declareQueue(model: ChannelModel, spec: QueueSpec, notices: Notices): Promise<void> {
  const { queue } = spec
  const check = (channel: Channel) => channel.checkQueue(queue)
  const assert = (channel: Channel) =>
    channel.assertQueue(queue, {
      durable: spec.durable,
      autoDelete: spec.autoDelete,
      exclusive: spec.exclusive === true,
      arguments: spec.arguments,
    })
  const declared = { what: `queue ${queue}`, assert, check }
  if (!spec.passive) {
    const missing = await declare(model, declared, notices)
    if (missing === undefined) return
    const remedy = `let its owner create it, or allow the account to: rabbitmqctl set_permissions with a pattern for configure that matches ${queue}`
    throw new TransientError(
      `queue ${queue} does not exist and this account may not create it (${missing}); ${remedy}`,
    )
  }
  if (await isThere(model, declared)) return
  const why = `passive = True in [consumer:${queue}]`
  throw new AwaitedQueueError(
    `queue ${queue} does not exist yet: waiting for its owner to create it (${why})`,
  )
}
