import type { Channel, ChannelModel } from 'amqplib'

/** Why channels and connections were closed, as the broker said it. */
const reasons = new WeakMap<object, Error>()

/** A channel whose errors come out of the calls that made them. */
export async function openChannel(model: ChannelModel): Promise<Channel> {
  const channel = await model.createChannel()
  rememberReason(channel)
  return channel
}

/** Keeps why it is closed; without such a listener an error would end the process. */
export function rememberReason(closing: Channel | ChannelModel): void {
  const remember = (error: unknown) => {
    if (error instanceof Error) reasons.set(closing, error)
  }
  closing.on('error', remember)
  closing.on('close', remember)
}

/** Why a channel, or else its connection, was closed; undefined when nobody said. */
export function reasonOf(...closed: (Channel | ChannelModel)[]): Error | undefined {
  return closed.map((one) => reasons.get(one)).find((reason) => reason !== undefined)
}

/** Does work on a channel of its own: a refusal closes the channel it was made on. */
export async function withChannel<T>(
  model: ChannelModel,
  work: (channel: Channel) => Promise<T>,
): Promise<T> {
  const channel = await openChannel(model)
  const result = await work(channel)
  await closeQuietly(channel)
  return result
}

/**
 * Closes a channel or a connection after what was sent on it. amqplib's own close() never resolves when the socket
 * breaks before the server has answered it.
 */
export async function closeQuietly(closing: Channel | ChannelModel): Promise<void> {
  const closed = new Promise<void>((resolve) => closing.once('close', () => resolve()))
  await Promise.race([closed, closing.close().catch(() => {})])
}
