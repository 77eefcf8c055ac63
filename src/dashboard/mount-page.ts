import { type Access, permissionsOf } from '../http/access.ts'
import type { HttpApp, HttpRequest, HttpResponse } from '../http/create-app.ts'
import { sendHttpProblem } from '../http/http-problem.ts'
import { otherMethods } from '../http/operation.ts'
import { cookieOf, isOfPage, isOtherSite, noCookie, PAGE_HEADER, tokenOfCookie } from '../http/page-cookie.ts'
import { packageVersion } from '../runtime/version.ts'
import { parseJson } from '../text/json.ts'
import { type PageFile, readPageFiles, SHELL } from './page-files.ts'

export type PageSettings = {
  readonly access: Access
  /** saved filters: addresses of the page by name */
  readonly filters: { readonly [name: string]: string }
  /** whether the API knows the statistics of Heka */
  readonly hasHeka: boolean
}

/** The addresses of the views. All of them have the same document; its script shows what the address names. */
const VIEWS = [
  '/',
  '/streams',
  '/story',
  '/search',
  '/dead-letters',
  '/live',
  '/triggers',
  '/levels',
  '/heka',
]

/**
 * Nothing is loaded but the page's own files, nothing in the document runs, and no text can become a script; lit's own
 * policy makes templates of the page's sources only.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types lit-html',
].join('; ')

const SESSION = '/ui/session'

/**
 * Adds the page for people to an app: its files, which hold no data and need no token, and its session, which keeps the
 * token in a cookie that scripts cannot read.
 */
export function mountPage(app: HttpApp, settings: PageSettings): void {
  const files = readPageFiles()
  const shell = files.get(SHELL)
  if (!shell) throw new Error(`${SHELL} is missing in the package`)
  const reading = otherMethods('GET, HEAD, OPTIONS')
  app.get(VIEWS, (request, response) => sendFile(request, response, shell))
  app.all(VIEWS, reading)
  for (const [address, file] of files) {
    app.get(address, (request, response) => sendFile(request, response, file))
    app.all(address, reading)
  }
  mountSession(app, settings)
}

function sendFile(
  request: HttpRequest,
  response: HttpResponse,
  { type, bytes, packed, etag }: PageFile,
): void {
  response.set({
    'content-type': type,
    'content-security-policy': POLICY,
    'x-frame-options': 'DENY',
    'cache-control': 'no-cache',
    etag,
    vary: 'accept-encoding',
  })
  if (request.headers['if-none-match'] === etag) {
    response.status(304).end()
    return
  }
  const isPacked = request.acceptsEncodings('gzip') !== false
  if (isPacked) response.set('content-encoding', 'gzip')
  response.send(isPacked ? packed : bytes)
}

function mountSession(app: HttpApp, { access, filters, hasHeka }: PageSettings): void {
  const needsToken = access.read.length + access.write.length > 0
  const permissionOf = permissionsOf(access)
  const version = packageVersion()
  const shown = { version, filters, has_heka: hasHeka }
  const state = (token: string | undefined) => {
    if (!needsToken) return { needs_token: false, may_read: true, may_write: true, name: null, ...shown }
    const { mayRead, mayWrite, name } = permissionOf(token)
    const more = mayRead
      ? { name: name ?? null, ...shown }
      : { name: null, version: null, filters: {}, has_heka: false }
    return { needs_token: true, may_read: mayRead, may_write: mayWrite, ...more }
  }

  app.get(SESSION, (request, response) => {
    response.set('cache-control', 'no-store')
    response.json(state(isOtherSite(request) ? undefined : tokenOfCookie(request)))
  })
  app.post(SESSION, (request, response) => {
    if (!isOfPage(request)) return refuse(response)
    const token = givenToken(request.body)
    if (needsToken && !permissionOf(token).mayRead)
      return sendHttpProblem(response, 401, 'this token is not one of the API')
    response.set('cache-control', 'no-store')
    if (needsToken && token !== undefined) response.set('set-cookie', cookieOf(token, request))
    response.json(state(token))
  })
  app.delete(SESSION, (request, response) => {
    if (!isOfPage(request)) return refuse(response)
    response.set('set-cookie', noCookie(request))
    response.status(204).end()
  })
  app.all(SESSION, otherMethods('GET, HEAD, POST, DELETE, OPTIONS'))
}

function refuse(response: HttpResponse): void {
  sendHttpProblem(response, 403, `only the page itself may do this, with the header ${PAGE_HEADER}`)
}

/** Reads `{"token": "…"}`. */
function givenToken(body: unknown): string | undefined {
  try {
    const value = parseJson(Buffer.isBuffer(body) ? body.toString('utf8') : '')
    const token = typeof value === 'object' && value !== null && 'token' in value ? value.token : undefined
    return typeof token === 'string' && token !== '' ? token.trim() : undefined
  } catch {
    return undefined
  }
}
