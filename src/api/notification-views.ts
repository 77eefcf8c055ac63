import { z } from 'zod'
import { ConflictError, InvalidError, NotFoundError } from '../domain/errors.ts'
import type { StoredEvent } from '../domain/event.ts'
import { type Operation, operation } from '../http/operation.ts'
import { bytesBody } from '../http/request-body.ts'
import { StreamedAnswer } from '../http/streamed-answer.ts'
import type { Queries } from '../store/ports/queries.ts'
import { maskSecrets } from '../text/mask-secrets.ts'
import { findEventInAnyCase } from './events.ts'
import { eventPath, noParams } from './params.ts'
import { notificationExplanation } from './shapes.ts'

/** Finds the raw notification of an event in the archive; undefined where it is not there. */
export type NotificationFinder = (event: StoredEvent, signal: AbortSignal) => Promise<Buffer | undefined>

/** Explains what the configuration makes of a notification. Throws InvalidError for what is none. */
export type NotificationExplainer = (body: Buffer) => object

const NO_ARCHIVE = 'the configuration of the API has no archive'
const NO_DEFINITIONS = 'the API has no event definitions to distil by'

export type NotificationViews = {
  readonly find?: NotificationFinder | undefined
  readonly explain?: NotificationExplainer | undefined
}

/** Returns the operations that show the notification of an event, and explain one that is posted. */
export function notificationViewOperations(
  store: Queries,
  { find, explain }: NotificationViews,
): Operation[] {
  return [
    operation({
      method: 'get',
      path: '/v1/events/{messageId}/notification',
      summary: 'the raw notification of an event, from the archive, secrets masked',
      query: noParams,
      params: eventPath,
      answer: z.unknown(),
      httpProblems: { 404: 'there is no such event, or the archive does not have it', 409: NO_ARCHIVE },
      async run({ path: { messageId }, limits, signal }) {
        if (!find) throw new ConflictError(NO_ARCHIVE)
        await limits.admit(limits.maxBytes)
        const event = await findEventInAnyCase(store, messageId, limits)
        if (!event) throw new NotFoundError(`there is no event ${messageId}`)
        const body = await find(event, signal)
        if (!body) throw new NotFoundError(`no file of the archive has the notification ${messageId}`)
        await limits.admit(4 * body.length)
        return new StreamedAnswer([maskSecrets(body.toString('utf8'))])
      },
    }),
    operation({
      method: 'post',
      path: '/v1/notifications/explain',
      summary:
        'what the configuration makes of a notification, and why, trigger by trigger; nothing is stored. Needs a token that may write, as every POST',
      query: noParams,
      params: noParams,
      body: bytesBody,
      answer: notificationExplanation,
      httpProblems: { 409: NO_DEFINITIONS },
      async run({ body, limits }) {
        if (!explain) throw new ConflictError(NO_DEFINITIONS)
        if (body.length === 0) throw new InvalidError('the body is empty; expected a notification')
        await limits.admit(4 * body.length)
        return explain(body)
      },
    }),
  ]
}
