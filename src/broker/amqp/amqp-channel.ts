import type { Channel, ChannelModel, ConfirmChannel } from 'amqplib'

/** The broker's reasons for closing channels and connections. */
const reasons = new WeakMap<object, Error>()

/** The library's own words for a channel or connection that is gone, which do not have the broker's reason. */
const GONE = /^(Channel ended, no reply|Channel clos|channel closed|Connection clos)/

/** Opens a channel. Its errors reject the calls that caused them. */
export async function openChannel(model: ChannelModel): Promise<Channel> {
  return opened(await model.createChannel().catch((error) => Promise.reject(reasonFor(error, model))))
}

/** Opens a channel on which the broker confirms messages. */
export async function openConfirmChannel(model: ChannelModel): Promise<ConfirmChannel> {
  return opened(await model.createConfirmChannel().catch((error) => Promise.reject(reasonFor(error, model))))
}

function opened<T extends Channel>(channel: T): T {
  rememberReason(channel)
  return channel
}

/** Records why a channel or connection is closed. Without such a listener an error would end the process. */
export function rememberReason(closing: Channel | ChannelModel): void {
  const remember = (error: unknown) => {
    if (error instanceof Error) reasons.set(closing, error)
  }
  closing.on('error', remember)
  closing.on('close', remember)
}

/** Returns why a channel, or else its connection, was closed; undefined when no reason is known. */
export function reasonOf(...closed: (Channel | ChannelModel)[]): Error | undefined {
  return closed.map((one) => reasons.get(one)).find((reason) => reason !== undefined)
}

/**
 * Returns the broker's reason in place of an error by which the library says only that a channel or connection is
 * gone; other errors as they are.
 */
export function reasonFor(error: unknown, ...closed: (Channel | ChannelModel)[]): unknown {
  const isVague = error instanceof Error && GONE.test(error.message)
  return (isVague ? reasonOf(...closed) : undefined) ?? error
}

/** Runs `work` on a new channel, since a refusal by the broker closes the channel. */
export async function withChannel<T>(
  model: ChannelModel,
  work: (channel: Channel) => Promise<T>,
): Promise<T> {
  const channel = await openChannel(model)
  const result = await work(channel).catch((error) => Promise.reject(reasonFor(error, channel, model)))
  await closeQuietly(channel)
  return result
}

/**
 * Closes a channel or a connection, after everything that was sent on it. amqplib's own close() never
 * resolves when the socket breaks before the server has replied to it.
 */
export async function closeQuietly(closing: Channel | ChannelModel): Promise<void> {
  const closed = new Promise<void>((resolve) => closing.once('close', () => resolve()))
  await Promise.race([closed, closing.close().catch(() => {})])
}
