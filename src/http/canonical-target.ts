import type { RequestHandler } from 'express'

export type Target = {
  /** host of an absolute target; it takes precedence over the header Host (RFC 9112, 3.2.2) */
  readonly host: string | undefined
  /** path and query in canonical form, in ASCII */
  readonly url: string
}

const WHOLE_URL = /^https?:\/\/([^/?#]*)/i
/** Matches the characters that are never percent-encoded (RFC 3986, 2.3). */
const UNRESERVED = /[\w.~-]/
/** Matches the characters to encode: they may be read as the end of a path, or in several ways. */
const PLAIN = /[^!-~]|#/g
/** StackTach takes the word `count` in any case. */
const COUNT = /^(\/v1\/(?:streams|events)\/)[Cc][Oo][Uu][Nn][Tt]$/

/**
 * Returns the canonical form of a request target; that of a canonical target is itself. Dots, empty segments
 * and the case of letters stay: such a path is another one, and leads nowhere.
 *
 * @example
 * canonicalTarget('/v1/streams/%43ount/').url // '/v1/streams/count'
 */
export function canonicalTarget(raw: string): Target {
  const [start, host] = WHOLE_URL.exec(raw) ?? ['']
  const [path = '', ...query] = raw.slice(start.length).split('?')
  const asked = query.length > 0 ? `?${query.join('?').replace(PLAIN, encoded)}` : ''
  return { host: host || undefined, url: `${canonicalPath(path)}${asked}` }
}

/** Makes the target of a request canonical, so that guards, limits, the log and the router see the same. */
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

/** Percent-encodes a character as it came over the wire: one character is one byte. */
function encoded(character: string): string {
  return Buffer.from(character, character > '\xff' ? 'utf8' : 'latin1')
    .toString('hex')
    .replace(/../g, (digits) => `%${digits.toUpperCase()}`)
}
