import express, { type Express, type RequestHandler } from 'express'
import helmet from 'helmet'
import { canonicalRequest } from './canonical-target.ts'

export type HttpApp = Express

/** Creates an application in which a request has its one form before anything looks at it. */
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

/** Returns the headers that tell browsers to be careful; over plain HTTP pages are not asked for over TLS. */
export function secureHeaders(): RequestHandler {
  return helmet({ contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } } })
}

/** Reads the body of a request as text, whatever its type; a longer one than `limit` (`4kb`) is refused with 413. */
export function textBody(limit: string): RequestHandler {
  return express.text({ type: () => true, limit })
}
