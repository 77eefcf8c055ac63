import type { RequestHandler } from 'express'
import { sendHttpProblem } from './http-problem.ts'

/**
 * Refuses a POST that a browser sends for a page of another origin (403): unlike PUT and DELETE it is sent without
 * asking the server first.
 */
export const requireSameOrigin: RequestHandler = (request, response, next) => {
  const { origin, host } = request.headers
  if (request.method !== 'POST' || origin === undefined) return next()
  if (URL.canParse(origin) && new URL(origin).host === host) return next()
  sendHttpProblem(response, 403, 'pages of other sites may not ask for changes')
}
