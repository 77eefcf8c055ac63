import type { Channel, ChannelModel } from 'amqplib'
import { TransientError } from '../../domain/errors.ts'
import type { QueueSpec } from '../queue-spec.ts'
import { withChannel } from './amqp-channel.ts'
import { brokerText, differenceOf, refusalOf } from './amqp-refusal.ts'

/** Inspects queues and exchanges over AMQP, without changing anything. */
export type Inspector = {
  /** name and version of the broker, e.g. `RabbitMQ 3.10.8` */
  readonly product: string
  /**
   * Counts the waiting messages and the consumers of a queue. Resolves to undefined when there is no such
   * queue.
   */
  queue(name: string): Promise<{ readonly messages: number; readonly consumers: number } | undefined>
  hasExchange(name: string): Promise<boolean>
  /**
   * Compares a queue that exists with its declaration. It is declared once more, as its consumer does at each start,
   * which changes nothing.
   */
  compareQueue(spec: QueueSpec): Promise<Comparison>
}

/** `forbidden`: this account may not declare the queue, and uses it as it is. */
export type Comparison =
  | { readonly state: 'same' | 'forbidden' }
  | { readonly state: 'different'; readonly difference: string }

export function createInspector(model: ChannelModel): Inspector {
  const { serverProperties } = model.connection as unknown as { serverProperties: { [key: string]: unknown } }
  const unlessMissing = <T>(look: (channel: Channel) => Promise<T>): Promise<T | undefined> =>
    withChannel(model, look).catch((error) => {
      if (refusalOf(error) === 'missing') return undefined
      throw new TransientError(`the broker refuses to tell: ${brokerText(error)}`, { cause: error })
    })
  return {
    product: `${serverProperties.product ?? 'a broker'} ${serverProperties.version ?? ''}`.trim(),
    async queue(name) {
      const found = await unlessMissing((channel) => channel.checkQueue(name))
      return found && { messages: found.messageCount, consumers: found.consumerCount }
    },
    compareQueue: (spec) => compareQueue(model, spec),
    hasExchange: async (name) =>
      (await unlessMissing((channel) => channel.checkExchange(name))) !== undefined,
  }
}

async function compareQueue(
  model: ChannelModel,
  { queue, durable, autoDelete, arguments: given }: QueueSpec,
): Promise<Comparison> {
  try {
    await withChannel(model, (channel) =>
      channel.assertQueue(queue, { durable, autoDelete, arguments: given }),
    )
    return { state: 'same' }
  } catch (error) {
    const refusal = refusalOf(error)
    if (refusal === 'forbidden') return { state: 'forbidden' }
    if (refusal === 'exists-otherwise') return { state: 'different', difference: differenceOf(error) }
    throw new TransientError(`the broker refuses to tell: ${brokerText(error)}`, { cause: error })
  }
}
