import type { RequestHandler } from 'express'

export type Target = {
  /** the name that stands in the target itself; it wins over the header Host (RFC 9112, 3.2.2) */
  readonly host: string | undefined
  /** path and query in their one form, in ASCII */
  readonly url: string
}

const WHOLE_URL = /^https?:\/\/([^/?#]*)/i
/** What needs no percent-encoding has none (RFC 3986, 2.3). */
const UNRESERVED = /[\w.~-]/
/** Anything else may be read as the end of a path, or in several ways. */
const PLAIN = /[^!-~]|#/g
/** The word has no case in StackTach. */
const COUNT = /^(\/v1\/(?:streams|events)\/)[Cc][Oo][Uu][Nn][Tt]$/

/**
 * The one form of what a request asks for; that of this form is itself. Dots, empty segments and other letters are
 * what they are: such a path is another one, and leads nowhere.
 */
export function canonicalTarget(raw: string): Target {
  const [start, host] = WHOLE_URL.exec(raw) ?? ['']
  const [path = '', ...query] = raw.slice(start.length).split('?')
  const asked = query.length > 0 ? `?${query.join('?').replace(PLAIN, encoded)}` : ''
  return { host: host || undefined, url: `${canonicalPath(path)}${asked}` }
}

/** Sets a request to its one form, before anything looks at it: guards, limits, the log and the router see the same. */
export const canonicalRequest: RequestHandler = (request, _response, next) => {
  const { host, url } = canonicalTarget(request.url)
  request.url = url
  request.originalUrl = url
  if (host !== undefined) request.headers.host = host
  next()
}

function canonicalPath(path: string): string {
  if (path === '*') return path
  const plain = path.replace(PLAIN, encoded).replace(/%([0-9a-f]{2})/gi, (whole, digits: string) => {
    const character = String.fromCharCode(Number.parseInt(digits, 16))
    return UNRESERVED.test(character) ? character : whole.toUpperCase()
  })
  const rooted = plain.startsWith('/') ? plain : `/${plain}`
  return rooted.replace(/([^/])\/$/, '$1').replace(COUNT, (_, list: string) => `${list}count`)
}

/** As it came over the wire, a character a byte. */
function encoded(character: string): string {
  return Buffer.from(character, character > '\xff' ? 'utf8' : 'latin1')
    .toString('hex')
    .replace(/../g, (digits) => `%${digits.toUpperCase()}`)
}
