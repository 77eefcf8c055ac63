import type { ErrorRequestHandler, Response } from 'express'
import { messageOf, StackTachError } from '../domain/errors.ts'
import type { Logger } from '../runtime/logger.ts'

const STATUS: { readonly [code: string]: number } = {
  invalid: 400,
  not_found: 404,
  conflict: 409,
  transient: 503,
}

const TITLES: { readonly [status: number]: string } = {
  400: 'Bad Request',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
}

/** Answers with application/problem+json (RFC 9457). */
export function sendProblem(response: Response, status: number, detail: string): void {
  const body = { type: 'about:blank', title: TITLES[status] ?? 'Error', status, detail }
  response.status(status).type('application/problem+json').send(JSON.stringify(body))
}

/** Turns what a handler threw into a problem; what was not foreseen is logged and tells nothing of itself. */
export function problemHandler(logger: Logger): ErrorRequestHandler {
  return (error, request, response, next) => {
    if (response.headersSent) return next(error)
    const status = statusOf(error)
    if (status === 500) logger.error({ url: request.path, error: messageOf(error) }, 'a request failed')
    sendProblem(
      response,
      status,
      status === 500 ? 'the request failed; see the log of the server' : messageOf(error),
    )
  }
}

function statusOf(error: unknown): number {
  if (error instanceof StackTachError) return STATUS[error.code] ?? 500
  // Express itself refuses malformed paths in this way.
  if (error instanceof URIError) return 400
  return 500
}
