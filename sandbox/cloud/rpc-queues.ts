import { type ChannelModel, connect } from 'amqplib'

/** Whether each of these queues exists and has a consumer. */
export async function areServed(amqpUrl: string, queues: readonly string[]): Promise<boolean> {
  const model = await connect(amqpUrl).catch(() => undefined)
  if (!model) return false
  model.on('error', () => undefined)
  try {
    for (const queue of queues) if (!(await isServed(model, queue))) return false
    return true
  } finally {
    await model.close().catch(() => undefined)
  }
}

/** Checks a queue on a channel of its own: asking for a missing queue closes the channel. */
async function isServed(model: ChannelModel, queue: string): Promise<boolean> {
  try {
    const channel = await model.createChannel()
    channel.on('error', () => undefined)
    const { consumerCount } = await channel.checkQueue(queue)
    await channel.close()
    return consumerCount > 0
  } catch {
    return false
  }
}
