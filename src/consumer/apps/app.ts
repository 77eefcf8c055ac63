import type { Notification } from '../../domain/notification.ts'
import type { Logger } from '../../runtime/logger.ts'

/** A notification on its way through the apps of a queue. */
export type AppMessage = {
  readonly queue: string
  /** as it came */
  readonly body: Buffer
  readonly eventType: string
  readonly messageId: string
  readonly notification: Notification
}

/** A notification that came from a queue, as apps get it. */
export function appMessage(queue: string, body: Buffer, notification: Notification): AppMessage {
  const { event_type: eventType, message_id: messageId } = notification
  return { queue, body, eventType, messageId, notification }
}

/** undefined: done; else why this message failed, which makes it a dead letter of this app */
export type AppOutcome = string | undefined

export type AppContext = {
  readonly logger: Pick<Logger, 'info' | 'warn'>
  /** aborted when the consumer stops: what waits gives up with an error, and the messages come again */
  readonly signal: AbortSignal
  /** to be called when what it sends to is away and is waited for: meanwhile the queue is not read */
  readonly onAway?: (() => void) | undefined
}

/**
 * What a queue's messages are given to beside the archive and the streams. A batch may come again after a crash; own
 * apps are ES modules, `./my.js:MyApp`, made with the text values of their section of yagi.conf.
 */
export interface ConsumerApp {
  /**
   * Takes messages in the order of the queue; answers one outcome for each. When it rejects they are given to it one
   * by one, and one that it rejects alone is a dead letter; an error whose `code` is `transient` is waited out.
   */
  handleMessages(
    messages: readonly AppMessage[],
    context: AppContext,
  ): Promise<readonly AppOutcome[]> | readonly AppOutcome[]
  /** Called once, when the consumer has stopped. */
  close?(): Promise<void> | void
}

/** A class of the user's own, made with the text values of its section of yagi.conf, defaults not applied. */
export type AppClass = { new (values: { readonly [key: string]: string }): ConsumerApp }
