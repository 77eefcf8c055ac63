import type { Channel, ChannelModel } from 'amqplib'

/** A channel whose errors come out of the calls that made them. */
export async function openChannel(model: ChannelModel): Promise<Channel> {
  const channel = await model.createChannel()
  channel.on('error', () => {})
  return channel
}

/**
 * Closes a channel or a connection after what was sent on it. amqplib's own close() never resolves when the socket
 * breaks before the server has answered it.
 */
export async function closeQuietly(closing: Channel | ChannelModel): Promise<void> {
  const closed = new Promise<void>((resolve) => closing.once('close', () => resolve()))
  await Promise.race([closed, closing.close().catch(() => {})])
}
