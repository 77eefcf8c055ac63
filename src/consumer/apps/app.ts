/// <reference types="node" preserve="true" />
import type { Notification } from '../../domain/notification.ts'
import type { Logger } from '../../runtime/logger.ts'

/** A notification as the apps of a queue receive it. */
export type AppMessage = {
  readonly queue: string
  /** the JSON text as it was delivered, decompressed */
  readonly body: Buffer
  readonly eventType: string
  readonly messageId: string
  readonly notification: Notification
}

/** Makes the message for apps of a notification that came from a queue. */
export function appMessage(queue: string, body: Buffer, notification: Notification): AppMessage {
  const { event_type: eventType, message_id: messageId } = notification
  return { queue, body, eventType, messageId, notification }
}

/** The outcome of one message: undefined when it is done, else the reason for its dead letter. */
export type AppOutcome = string | undefined

export type AppContext = {
  readonly logger: Pick<Logger, 'info' | 'warn'>
  /**
   * aborts when the consumer stops: an app that waits should reject then; its messages are delivered again
   */
  readonly signal: AbortSignal
  /** An app calls it when its receiver is away and it waits: the queue is not read until the app is done. */
  readonly onAway?: (() => void) | undefined
}

/**
 * Takes the messages of a queue, beside the archive and the streams. A batch may come again after a crash.
 * Own apps are ES modules, named `./my.js:MyApp`, and are made with the text values of their section of
 * yagi.conf.
 *
 * @example
 * export class CountApp {
 *   handleMessages(messages, { logger }) {
 *     logger.info({ count: messages.length }, 'a batch')
 *     return messages.map(() => undefined)
 *   }
 * }
 */
export interface ConsumerApp {
  /**
   * Handles messages in the order of the queue and returns one outcome for each. After an error whose `code`
   * is `transient` the same messages are given again. After any other error they are given one by one; a
   * message that fails alone becomes a dead letter.
   */
  handleMessages(
    messages: readonly AppMessage[],
    context: AppContext,
  ): Promise<readonly AppOutcome[]> | readonly AppOutcome[]
  /** Called once, when the consumer has stopped. */
  close?(): Promise<void> | void
}

/** An app class of the user's own. Its values are the texts of its section of yagi.conf, without defaults. */
export type AppClass = { new (values: { readonly [key: string]: string }): ConsumerApp }
