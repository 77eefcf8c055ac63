import type { ErrorRequestHandler, Response } from 'express'
import { messageOf, StackTachError } from '../domain/errors.ts'
import type { Logger } from '../runtime/logger.ts'
import { ForbiddenError } from './forbidden-error.ts'
import { httpProblemBody } from './http-problem-body.ts'
import { ParameterError } from './params.ts'
import { TooSlowError } from './too-slow-error.ts'

const STATUS: { readonly [code: string]: number } = {
  invalid: 400,
  not_found: 404,
  conflict: 409,
  transient: 503,
}

/** Sends an HTTP problem: a body of application/problem+json (RFC 9457). */
export function sendHttpProblem(response: Response, status: number, detail: string, more: object = {}): void {
  const { requestId } = response.locals
  const body = {
    ...httpProblemBody(status, detail),
    ...more,
    ...(requestId ? { request_id: requestId } : {}),
  }
  response.status(status).type('application/problem+json').send(JSON.stringify(body))
}

/**
 * Creates the error handler that sends an HTTP problem for what a route threw. An unforeseen error is logged, and
 * its details are not sent.
 */
export function httpProblemHandler(logger: Logger): ErrorRequestHandler {
  return (error, request, response, next) => {
    if (response.headersSent) return next(error)
    const status = statusOf(error)
    if (status >= 500) logger.error({ url: request.path, error: messageOf(error) }, 'a request failed')
    sendHttpProblem(response, status, detailOf(error, status), parameterOf(error))
  }
}

/** Returns the detail of an HTTP problem; messages of databases and drivers are for the log only. */
function detailOf(error: unknown, status: number): string {
  if (status === 500) return 'the request failed; see the log of the server'
  if (status === 503 && !(error instanceof TooSlowError))
    return 'the database does not answer at the moment, or the time was too short; try again'
  return messageOf(error)
}

function parameterOf(error: unknown): object {
  if (!(error instanceof ParameterError)) return {}
  const { parameter, value, allowed } = error
  return { parameter, value, allowed }
}

function statusOf(error: unknown): number {
  if (error instanceof ForbiddenError) return 403
  if (error instanceof StackTachError) return STATUS[error.code] ?? 500
  // Express itself refuses malformed paths in this way, and too large bodies with a status.
  if (error instanceof URIError) return 400
  const status = error instanceof Error && 'status' in error ? Number(error.status) : 500
  return status >= 400 && status < 500 ? status : 500
}
