import { z } from 'zod'
import { ConflictError, InvalidError } from '../domain/errors.ts'
import type { Receipt } from '../domain/receipt.ts'
import { type Operation, operation } from '../http/operation.ts'
import { bytesBody } from '../http/request-body.ts'
import { maskSecrets } from '../text/mask-secrets.ts'
import { splitNotifications } from '../text/split-notifications.ts'
import { noParams, notificationsQuery } from './params.ts'
import { receipt } from './shapes.ts'

/** Takes notifications in place of a queue, and returns what became of each once it is kept. */
export type NotificationTaker = (
  bodies: readonly Buffer[],
  queue: string | undefined,
  signal: AbortSignal,
) => Promise<Receipt[]>

/** Returns the operation of `POST /v1/notifications`. `take` is absent where the server distils nothing. */
export function notificationOperation(take: NotificationTaker | undefined): Operation {
  return operation({
    method: 'post',
    path: '/v1/notifications',
    summary:
      'takes notifications as a consumer takes those of a queue: one JSON object, a list of them, or one a line; answers once each is kept, with what became of it, in their order',
    query: notificationsQuery,
    params: noParams,
    body: bytesBody,
    answer: z.array(receipt),
    httpProblems: { 409: 'the API has no event definitions to distil by' },
    async run({ query: { queue }, body, signal, limits }) {
      if (!take)
        throw new ConflictError('this API takes no notifications: it has no event definitions to distil by')
      // As bytes, as text, and as JSON.
      await limits.admit(4 * body.length)
      const bodies = splitNotifications(body)
      if (!bodies) throw new InvalidError('the body begins a list and is no JSON; expected [{…}, …]')
      if (bodies.length === 0)
        throw new InvalidError('the body is empty; expected a notification, a list of them, or one a line')
      const receipts = await take(bodies, queue, signal)
      return receipts.map(({ reason, ...one }) =>
        reason === undefined ? one : { ...one, reason: maskSecrets(reason) },
      )
    },
  })
}
