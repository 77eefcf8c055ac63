import express, { type RequestHandler } from 'express'
import { rateLimit } from 'express-rate-limit'
import type { Limits } from '../runtime/client-limits.ts'
import { sendHttpProblem } from './http-problem.ts'
import { requireSameOrigin } from './same-origin.ts'

const LONGEST_QUERY = 4096
const LARGEST_BODY = '64kb'

/** Largest body of a request that takes large ones, such as a message. */
const LARGEST_MESSAGE = '4mb'

/** Whether a request takes a large body, by its path. */
export type TakesLarge = (path: string) => boolean

/** Creates a handler that reads the large bodies, which is only to be done for those who have a token. */
export function largeBodies(takesLarge: TakesLarge): RequestHandler {
  const read = express.raw({ type: () => true, limit: LARGEST_MESSAGE, inflate: false })
  return (request, response, next) => (takesLarge(request.path) ? read(request, response, next) : next())
}

/**
 * Creates handlers that refuse too many requests (429), long URLs (414), large bodies (413), and changes that a page of
 * another site asks for (403). Small bodies are read, whoever sends them.
 */
export function limitRequests(
  { requestsPerMinute }: Limits,
  takesLarge: TakesLarge = () => false,
): RequestHandler[] {
  const readSmall = express.raw({ type: () => true, limit: LARGEST_BODY, inflate: false })
  return [
    rateLimit({
      windowMs: 60_000,
      limit: requestsPerMinute,
      standardHeaders: 'draft-7',
      legacyHeaders: false,
      handler: (_, response) =>
        sendHttpProblem(
          response,
          429,
          `more than ${requestsPerMinute} requests in a minute; wait and try again`,
        ),
    }),
    (request, response, next) => {
      if (request.originalUrl.length <= LONGEST_QUERY) return next()
      sendHttpProblem(response, 414, `the URL is longer than ${LONGEST_QUERY} characters`)
    },
    requireSameOrigin,
    (request, response, next) => (takesLarge(request.path) ? next() : readSmall(request, response, next)),
  ]
}
