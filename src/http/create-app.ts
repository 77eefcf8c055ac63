import express, { type Express, type Request, type RequestHandler, type Response } from 'express'
import helmet from 'helmet'
import { canonicalRequest } from './canonical-target.ts'

export type HttpApp = Express
export type HttpRequest = Request
export type HttpResponse = Response

/**
 * Creates an application in which every request has its canonical target before anything else sees it.
 *
 * @example
 * const app = createHttpApp()
 * app.get('/time', (_, response) => void response.send(now()))
 */
export function createHttpApp(): HttpApp {
  const app = express()
  app.disable('x-powered-by')
  app.set('etag', false)
  app.set('case sensitive routing', true)
  app.set('strict routing', true)
  app.set('query parser', 'simple')
  app.use(canonicalRequest)
  return app
}

/** Returns a handler that sets security headers for browsers, but does not turn HTTP into HTTPS. */
export function secureHeaders(): RequestHandler {
  return helmet({ contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } } })
}

/**
 * Returns a handler that reads the body of a request as text, whatever its type; a body longer than `limit`
 * (`4kb`) is refused with 413.
 */
export function textBody(limit: string): RequestHandler {
  return express.text({ type: () => true, limit })
}
