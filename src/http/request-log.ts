import { randomUUID } from 'node:crypto'
import type { RequestHandler } from 'express'
import type { Logger } from '../runtime/logger.ts'

/** Matches an id that a proxy may have given a request. */
const REQUEST_ID = /^[\w.-]{1,64}$/
const LONGEST_URL = 500

/** Called with the method, the status and the duration in seconds of each request that has ended. */
export type RequestObserver = (method: string, status: number, seconds: number) => void

/** Gives each request an id (`x-request-id`) and logs how it ended. */
export function logRequests(logger: Logger, observe?: RequestObserver): RequestHandler {
  return (request, response, next) => {
    const begun = performance.now()
    const given = request.headers['x-request-id']
    const requestId = typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID()
    response.locals.requestId = requestId
    response.set('x-request-id', requestId)
    response.once('close', () => {
      const seconds = (performance.now() - begun) / 1000
      // 499, as in nginx: the client has gone before it was answered.
      const status = response.writableFinished ? response.statusCode : 499
      observe?.(request.method, status, seconds)
      logger.info(
        {
          request_id: requestId,
          method: request.method,
          url: request.originalUrl.slice(0, LONGEST_URL),
          status,
          ms: Math.round(seconds * 1000),
          client: request.socket.remoteAddress,
        },
        'request',
      )
    })
    next()
  }
}
