import type { Request } from 'express'

/** The cookie that holds the token of the page. Scripts cannot read it, and pages of other sites do not send it. */
const COOKIE = 'stacktach_token'
/** The header that each change of the page has: a form of another page cannot send it. */
export const PAGE_HEADER = 'x-stacktach-page'
const LONGEST_TOKEN = 2048

/** Returns the value of Set-Cookie that keeps a token until the browser is closed. */
export function cookieOf(token: string, request: Request): string {
  return `${COOKIE}=${Buffer.from(token).toString('base64url')}${attributesOf(request)}`
}

/** Returns the value of Set-Cookie that forgets the token. */
export function noCookie(request: Request): string {
  return `${COOKIE}=${attributesOf(request)}; Max-Age=0`
}

/** A browser that speaks TLS, perhaps with a proxy, names it in Origin; its cookie is never sent without. */
function attributesOf({ headers: { origin = '' } }: Request): string {
  return `; Path=/; HttpOnly; SameSite=Strict${/^https:/i.test(origin) ? '; Secure' : ''}`
}

/** Returns the token in the cookie of a request. */
export function tokenOfCookie({ headers: { cookie = '' } }: Request): string | undefined {
  for (const part of cookie.split(';')) {
    const [name, value = ''] = part.trim().split('=', 2)
    if (name !== COOKIE || value === '' || value.length > LONGEST_TOKEN) continue
    return Buffer.from(value, 'base64url').toString('utf8')
  }
  return undefined
}

/** Whether a browser says that a page of another origin made the request. */
export function isOtherSite({ headers }: Request): boolean {
  const site = headers['sec-fetch-site']
  return site !== undefined && site !== 'same-origin' && site !== 'none'
}

/** Whether a request was made by a script of this server's own page. */
export function isOfPage({ headers }: Request): boolean {
  const { origin, host } = headers
  if (headers[PAGE_HEADER] === undefined) return false
  return origin === undefined || (URL.canParse(origin) && new URL(origin).host === host)
}
