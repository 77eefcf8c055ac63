import type { RequestHandler } from 'express'
import { sendHttpProblem } from './http-problem.ts'
import { isOwnName } from './is-own-name.ts'

/**
 * Refuses requests (403) under a foreign name or from a page of another host. Such a page can make a browser
 * send requests to this machine, but then either the Host header has a foreign name or the Origin header
 * names the page.
 */
export function requireOwnName(detail: string, configured?: string): RequestHandler {
  return ({ headers: { host = '', origin } }, response, next) => {
    const page = origin?.replace(/^https?:\/\//i, '') || undefined
    if (isOwnName(host, configured) && (page === undefined || isOwnName(page, configured))) return next()
    sendHttpProblem(response, 403, detail)
  }
}
