import type { Channel, ChannelModel } from 'amqplib'

/** A channel whose errors come out of the calls that made them. */
export async function openChannel(model: ChannelModel): Promise<Channel> {
  const channel = await model.createChannel()
  channel.on('error', () => {})
  return channel
}
