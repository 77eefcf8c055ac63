import type { Channel, ChannelModel } from 'amqplib'
import type { QueueSpec } from '../domain/queue-spec.ts'
import type { Logger } from '../runtime/logger.ts'
import { closeQuietly, openChannel } from './amqp-channel.ts'

const PRECONDITION_FAILED = 406

/**
 * Declares exchange, queue and binding. One that exists with other arguments is taken as it is, with a warning:
 * its owner knows why.
 */
export async function declareQueue(model: ChannelModel, spec: QueueSpec, logger: Logger): Promise<void> {
  const { queue, exchange } = spec
  if (exchange !== undefined) {
    await declare(model, logger, `exchange ${exchange}`, (channel) =>
      channel.assertExchange(exchange, spec.exchangeType, {
        durable: spec.exchangeDurable,
        autoDelete: spec.exchangeAutoDelete,
      }),
    )
  }
  await declare(model, logger, `queue ${queue}`, (channel) =>
    channel.assertQueue(queue, { durable: spec.durable, autoDelete: spec.autoDelete }),
  )
  if (exchange !== undefined) {
    await withChannel(model, (channel) => channel.bindQueue(queue, exchange, spec.routingKey))
  }
}

async function declare(
  model: ChannelModel,
  logger: Logger,
  what: string,
  assert: (channel: Channel) => Promise<unknown>,
): Promise<void> {
  try {
    await withChannel(model, assert)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === PRECONDITION_FAILED)) throw error
    logger.warn({}, `${what} exists with other arguments than configured; it is used as it is`)
  }
}

/** On a channel of its own: a refused declaration closes the channel it was made on. */
async function withChannel(model: ChannelModel, work: (channel: Channel) => Promise<unknown>): Promise<void> {
  const channel = await openChannel(model)
  await work(channel)
  await closeQuietly(channel)
}
