import type { ChannelModel, ConfirmChannel, Options } from 'amqplib'
import { InvalidError, messageOf, TransientError } from '../../domain/errors.ts'
import { silentLogger } from '../../runtime/logger.ts'
import type { Publisher } from '../broker.ts'
import { bufferOf, createDefaults } from '../outgoing.ts'
import { closeQuietly, openConfirmChannel, reasonFor } from './amqp-channel.ts'
import { brokerText } from './amqp-refusal.ts'
import { declareExchange } from './declare-exchange.ts'
import { AwaitedQueueError, declareQueue } from './declare-queue.ts'
import { Notices } from './notices.ts'
import { QueueBinder } from './queue-binder.ts'
import { Returns } from './returns.ts'

/** The library's words for a message that the broker refuses with basic.nack, which gives no reason. */
const NACKED = 'message nacked'

/**
 * Opens a publisher with one confirm channel, which is opened again when it is lost. `onOpened` is called each
 * time, with a function that returns whether no message is under way.
 */
export async function openAmqpPublisher(
  connected: () => Promise<ChannelModel>,
  onOpened: (model: ChannelModel, isIdle: () => boolean) => void,
): Promise<Publisher> {
  let channel: Promise<ConfirmChannel> | undefined
  const complete = createDefaults()
  const returns = new Returns()
  /** how many messages are neither confirmed nor refused yet */
  let underWay = 0
  const isIdle = () => underWay === 0
  /** the connection of each channel */
  const models = new WeakMap<ConfirmChannel, ChannelModel>()

  function opened(): Promise<ConfirmChannel> {
    channel ??= open().catch((error) => {
      channel = undefined
      if (error instanceof TransientError) throw error
      throw new TransientError(`cannot open a channel: ${brokerText(error)}`, { cause: error })
    })
    return channel
  }

  async function open(): Promise<ConfirmChannel> {
    const model = await connected()
    const fresh = await openConfirmChannel(model)
    models.set(fresh, model)
    onOpened(model, isIdle)
    fresh.on('return', ({ properties }) => returns.returned(properties.messageId))
    fresh.on('close', () => {
      channel = undefined
    })
    return fresh
  }

  /** Returns the broker's reason for the loss of a channel, or else the error. */
  function reasonOn(target: ConfirmChannel, error: unknown): unknown {
    const model = models.get(target)
    return model ? reasonFor(error, target, model) : error
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
        throw notDeclared(`queue ${spec.queue}`, error)
      }
    },
    async declareExchange(spec) {
      const what = `exchange ${spec.exchange}`
      const missing = await connected()
        .then((model) => declareExchange(model, spec, new Notices(silentLogger)))
        .catch((error) => Promise.reject(notDeclared(what, error)))
      if (missing === 'awaited')
        throw new TransientError(`${what} does not exist, and is its owner's to create`)
      if (missing) {
        const reason = `this account may not create it (${missing.refused})`
        throw new TransientError(`${what} does not exist and ${reason}`)
      }
    },
    async publish({ exchange, routingKey }, body, options) {
      const target = await opened()
      const completed = complete(options)
      const { messageId, mandatory } = completed
      underWay++
      const confirmed = new Promise<void>((resolve, reject) => {
        const confirm = (error: unknown) => {
          const isReturned = returns.settled(messageId)
          // The library learns the broker's reason only after it has called back.
          if (error) queueMicrotask(() => reject(notConfirmed(reasonOn(target, error))))
          else if (isReturned && mandatory)
            reject(notConfirmed(`no queue takes ${routingKey} from exchange ${exchange}`))
          else resolve()
        }
        returns.sent(messageId)
        try {
          target.publish(exchange, routingKey, bufferOf(body), completed as Options.Publish, confirm)
        } catch (error) {
          returns.settled(messageId)
          reject(isImpossible(error) ? impossible(error) : notConfirmed(reasonOn(target, error)))
        }
      })
      await confirmed.finally(() => underWay--)
    },
    async close() {
      const open = await channel?.catch(() => undefined)
      // A blocked broker would not reply: the channel is closed together with its connection.
      if (open && !isBlocked(open)) await closeQuietly(open)
    },
  }
}

/** Whether the broker has announced that it accepts no messages at the moment. */
function isBlocked({ connection }: ConfirmChannel): boolean {
  return 'blocked' in connection && connection.blocked === true
}

/** Whether the library could not encode a message. Nothing of it was sent, and the channel stays open. */
function isImpossible(error: unknown): boolean {
  return error instanceof TypeError || error instanceof RangeError
}

function impossible(error: unknown): InvalidError {
  return new InvalidError(`AMQP cannot carry the message: ${messageOf(error)}`, { cause: error })
}

function notDeclared(what: string, error: unknown): TransientError {
  if (error instanceof TransientError) return error
  return new TransientError(`cannot declare ${what}: ${brokerText(error)}`, { cause: error })
}

function notConfirmed(error: unknown): TransientError {
  const text = brokerText(error)
  const reason = text === NACKED ? 'it refused the message, as it does for a full queue' : text
  return new TransientError(`the broker did not confirm a message: ${reason}`, { cause: error })
}
