import { createHash, timingSafeEqual } from 'node:crypto'
import type { RequestHandler, Response } from 'express'
import { ForbiddenError } from './forbidden-error.ts'
import { sendHttpProblem } from './http-problem.ts'
import { requireOwnName } from './own-names.ts'

/**
 * Bearer tokens by permission, each perhaps with its name before it (`anna s3cret`); those that may write may read too. Without any everybody may do everything.
 */
export type Access = {
  readonly read: readonly string[]
  readonly write: readonly string[]
  /** without tokens: whether requests under any host name are served, not only under those of this machine */
  readonly anyHost?: boolean
}

const READING = new Set(['GET', 'HEAD', 'OPTIONS'])

const OWN_NAME_ONLY =
  'without tokens, only requests to a name of this machine are served; see api.tokens and api.insecure'

/** Creates a guard that, without tokens, refuses requests under a foreign host name (403, `detail`). */
export function guardName({ read, write, anyHost = false }: Access, detail = OWN_NAME_ONLY): RequestHandler {
  if (anyHost || read.length + write.length > 0) return (_request, _response, next) => next()
  return requireOwnName(detail)
}

/**
 * Returns the name of a token, for records. A token may have its name before it, with a blank between them; one without
 * is named by the beginning of its hash.
 */
function tokenName(token: string): string {
  const [name, secret] = partsOf(token)
  return name ?? `sha256:${digest(secret).toString('hex').slice(0, 12)}`
}

function partsOf(token: string): readonly [string | undefined, string] {
  const [first = '', ...rest] = token.trim().split(/\s+/)
  const secret = rest.at(-1)
  return secret === undefined ? [undefined, first] : [first, secret]
}

/** Throws ForbiddenError for a request whose token may only read. */
export function requireWriter(response: Response): void {
  if (response.locals.mayWrite === false)
    throw new ForbiddenError('this token may read; this needs one that may write')
}

/** Creates a guard that requires a token for what a request does (401, 403), unless there are no tokens. */
export function requireToken({ read, write }: Access): RequestHandler {
  const [readers, writers] = [read, write].map((tokens) =>
    tokens.map((token) => digest(partsOf(token)[1])),
  ) as [Buffer[], Buffer[]]
  const names = new Map(
    [...read, ...write].map((token) => [digest(partsOf(token)[1]).toString('hex'), tokenName(token)]),
  )
  return (request, response, next) => {
    if (readers.length + writers.length === 0) return next()
    const [scheme, token] = (request.headers.authorization ?? '').split(' ')
    const given = scheme?.toLowerCase() === 'bearer' && token ? digest(token) : undefined
    const isWriter = isAmong(writers, given)
    const isReader = isAmong(readers, given)
    response.locals.mayWrite = isWriter
    response.locals.tokenName = given && names.get(given.toString('hex'))
    if (isWriter || (isReader && READING.has(request.method))) return next()
    if (isReader)
      return sendHttpProblem(response, 403, `this token may read; ${request.method} needs one that may write`)
    response.set('www-authenticate', 'Bearer realm="stacktach"')
    sendHttpProblem(response, 401, 'expected a valid token in the header Authorization, scheme Bearer')
  }
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

/** Compares all tokens, each in full: the time of the comparison does not depend on which one matches. */
function isAmong(known: readonly Buffer[], given: Buffer | undefined): boolean {
  const compared = given ?? Buffer.alloc(32)
  const matches = known.map((one) => timingSafeEqual(one, compared)).filter(Boolean)
  return given !== undefined && matches.length > 0
}
