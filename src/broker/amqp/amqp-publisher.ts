import { randomUUID } from 'node:crypto'
import type { ChannelModel, ConfirmChannel } from 'amqplib'
import { messageOf, TransientError } from '../../domain/errors.ts'
import { silentLogger } from '../../runtime/logger.ts'
import type { Publisher } from '../broker.ts'
import { closeQuietly } from './amqp-channel.ts'
import { AwaitedQueueError, declareQueue, QueueBinder } from './amqp-topology.ts'
import { Notices } from './notices.ts'

/** Publishes on one confirm channel, opened again when it was lost. */
export async function openAmqpPublisher(connected: () => Promise<ChannelModel>): Promise<Publisher> {
  let channel: Promise<ConfirmChannel> | undefined
  /** in every message_id, which no other publisher has */
  const name = randomUUID()
  let count = 0
  /** messages that no queue took */
  const returned = new Set<string>()

  function opened(): Promise<ConfirmChannel> {
    channel ??= open().catch((error) => {
      channel = undefined
      throw new TransientError(`cannot open a channel: ${messageOf(error)}`, { cause: error })
    })
    return channel
  }

  async function open(): Promise<ConfirmChannel> {
    const model = await connected()
    const fresh = await model.createConfirmChannel()
    fresh.on('error', () => {})
    // The broker says so before it confirms.
    fresh.on('return', ({ properties }) => returned.add(properties.messageId))
    fresh.on('close', () => {
      channel = undefined
    })
    return fresh
  }

  await opened()
  return {
    async declare(spec) {
      try {
        const [model, notices] = [await connected(), new Notices(silentLogger)]
        await declareQueue(model, spec, notices)
        await new QueueBinder(model, spec, notices).bind()
      } catch (error) {
        if (error instanceof AwaitedQueueError) {
          throw new TransientError(`queue ${spec.queue} does not exist, and is its owner's to create`)
        }
        if (error instanceof TransientError) throw error
        throw new TransientError(`cannot declare queue ${spec.queue}: ${messageOf(error)}`, { cause: error })
      }
    },
    async publish(exchange, routingKey, body) {
      const target = await opened()
      await new Promise<void>((resolve, reject) => {
        const messageId = `${name}-${++count}`
        const confirm = (error: unknown) => {
          const isReturned = returned.delete(messageId)
          if (error) reject(notConfirmed(error))
          else if (isReturned) reject(notConfirmed(`no queue takes ${routingKey} from exchange ${exchange}`))
          else resolve()
        }
        try {
          target.publish(
            exchange,
            routingKey,
            body,
            { persistent: true, contentType: 'application/json', mandatory: true, messageId },
            confirm,
          )
        } catch (error) {
          reject(notConfirmed(error))
        }
      })
    },
    async close() {
      const open = await channel?.catch(() => undefined)
      // One that takes nothing would not hear of it: the channel goes with its connection.
      if (open && !isBlocked(open)) await closeQuietly(open)
    },
  }
}

/** The broker has said that it takes no messages at the moment. */
function isBlocked({ connection }: ConfirmChannel): boolean {
  return 'blocked' in connection && connection.blocked === true
}

function notConfirmed(error: unknown): TransientError {
  return new TransientError(`the broker did not confirm a message: ${messageOf(error)}`, { cause: error })
}
