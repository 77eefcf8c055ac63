import express, { type RequestHandler } from 'express'
import { rateLimit } from 'express-rate-limit'
import type { Limits } from '../runtime/client-limits.ts'
import { sendHttpProblem } from './http-problem.ts'

const LONGEST_QUERY = 4096
const LARGEST_BODY = '64kb'

/**
 * Creates handlers that refuse too many requests (429), long URLs (414) and large bodies (413). The API takes
 * no bodies: small ones are read and ignored.
 */
export function limitRequests({ requestsPerMinute }: Limits): RequestHandler[] {
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
    express.raw({ type: () => true, limit: LARGEST_BODY, inflate: false }),
  ]
}
