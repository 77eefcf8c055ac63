import { randomUUID } from 'node:crypto'
import type { Broker, Delivery, Publisher } from '../../broker/broker.ts'
import type { QueueSpec, StreamOffset } from '../../broker/queue-spec.ts'
import { framesOf } from './frames-of.ts'
import type { Position } from './position.ts'

/** Type of a message of AMQP without frames, which shows a subscriber where a stream ended when it began. */
const MARK_TYPE = 'application/x-heka-mark'

const PREFETCH = 100

/** Publishes a mark to a stream. Returns its id. */
export async function publishMark(publisher: Publisher, { queue }: QueueSpec): Promise<string> {
  const messageId = randomUUID()
  const route = { exchange: '', routingKey: queue }
  await publisher.publish(route, Buffer.alloc(0), { contentType: MARK_TYPE, messageId })
  return messageId
}

/**
 * Returns the position of the last message of a stream, and the offset of a mark behind it; the position is undefined
 * where the stream holds no message.
 */
export async function findLast(
  broker: Broker,
  publisher: Publisher,
  spec: QueueSpec,
): Promise<{ readonly last: Position | undefined; readonly mark: number }> {
  const id = await publishMark(publisher, spec)
  let from: StreamOffset = 'last'
  for (let back = 100; ; back *= 10) {
    const { last, first, mark } = await readTo(broker, { ...spec, streamOffset: from }, id)
    if (last || first === undefined || first === 0 || from === 'first') return { last, mark }
    from = mark > back ? mark - back : 'first'
  }
}

type Read = { last: Position | undefined; first: number | undefined; mark: number }

/** Reads a stream up to a mark. Where the last chunk begins behind the mark, reads from the first message. */
function readTo(broker: Broker, spec: QueueSpec, id: string): Promise<Read> {
  return new Promise((resolve, reject) => {
    let last: Position | undefined
    let first: number | undefined
    const subscription = broker.subscribe(spec, {
      prefetch: PREFETCH,
      onDelivery: (delivery) => {
        const { offset = 0, properties } = delivery
        first ??= offset
        if (properties.messageId === id) {
          const found = { last, first, mark: offset }
          void subscription.close().then(() => resolve(found), reject)
          return
        }
        last = lastIn(delivery) ?? last
        subscription.ackUpTo(delivery)
      },
      onLost: () => {
        last = undefined
      },
    })
  })
}

function lastIn({ body, offset = 0 }: Delivery): Position | undefined {
  const count = framesOf(body).length
  return count === 0 ? undefined : { offset, index: count - 1 }
}
