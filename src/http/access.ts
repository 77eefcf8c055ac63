import type { Request, RequestHandler, Response } from 'express'
import { isAmongDigests, tokenDigest } from '../runtime/token-digest.ts'
import { ForbiddenError } from './forbidden-error.ts'
import { sendHttpProblem } from './http-problem.ts'
import { requireOwnName } from './own-names.ts'
import { isOfPage, isOtherSite, PAGE_HEADER, tokenOfCookie } from './page-cookie.ts'

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
  return name ?? `sha256:${tokenDigest(secret).toString('hex').slice(0, 12)}`
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

/** What a token may do, and its name for records. */
export type Permission = {
  readonly mayRead: boolean
  readonly mayWrite: boolean
  readonly name: string | undefined
}

/** Returns a function that looks a token up. Where there are no tokens it must not be asked. */
export function permissionsOf({ read, write }: Access): (token: string | undefined) => Permission {
  const [readers, writers] = [read, write].map((tokens) =>
    tokens.map((token) => tokenDigest(partsOf(token)[1])),
  ) as [Buffer[], Buffer[]]
  const names = new Map(
    [...read, ...write].map((token) => [tokenDigest(partsOf(token)[1]).toString('hex'), tokenName(token)]),
  )
  return (token) => {
    const given = token ? tokenDigest(token) : undefined
    const mayWrite = given !== undefined && isAmongDigests(writers, given)
    const mayRead = (given !== undefined && isAmongDigests(readers, given)) || mayWrite
    return { mayRead, mayWrite, name: given && names.get(given.toString('hex')) }
  }
}

/**
 * Creates a guard that requires a token for what a request does (401, 403), unless there are no tokens. With `hasPage` the
 * cookie of the page counts too; a change by cookie has to come from the page itself (403).
 */
export function requireToken(
  access: Access,
  { hasPage = false }: { readonly hasPage?: boolean } = {},
): RequestHandler {
  const permissionOf = permissionsOf(access)
  return (request, response, next) => {
    if (access.read.length + access.write.length === 0) return next()
    const bearer = bearerOf(request)
    const cookie =
      hasPage && bearer === undefined && !isOtherSite(request) ? tokenOfCookie(request) : undefined
    const { mayRead, mayWrite, name } = permissionOf(bearer ?? cookie)
    if (cookie !== undefined && !READING.has(request.method) && !isOfPage(request))
      return sendHttpProblem(response, 403, `a change by the page's cookie needs the header ${PAGE_HEADER}`)
    response.locals.mayWrite = mayWrite
    response.locals.tokenName = name
    if (mayWrite || (mayRead && READING.has(request.method))) return next()
    if (mayRead)
      return sendHttpProblem(response, 403, `this token may read; ${request.method} needs one that may write`)
    response.set('www-authenticate', 'Bearer realm="stacktach"')
    sendHttpProblem(response, 401, 'expected a valid token in the header Authorization, scheme Bearer')
  }
}

function bearerOf({ headers }: Request): string | undefined {
  const [scheme, token] = (headers.authorization ?? '').split(' ')
  return scheme?.toLowerCase() === 'bearer' && token ? token : undefined
}
