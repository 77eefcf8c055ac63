import { createHash, timingSafeEqual } from 'node:crypto'
import type { RequestHandler } from 'express'
import { isLoopback } from './listen-address.ts'
import { sendProblem } from './problem.ts'

/** Bearer tokens by what they allow; a token that may write may read. Without any everybody may do everything. */
export type Access = {
  readonly read: readonly string[]
  readonly write: readonly string[]
  /** without tokens: under whatever name it is asked, not only under those of this machine */
  readonly anyHost?: boolean
}

const READING = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Lets through only requests with a token for what they do. */
export function requireToken({ read, write, anyHost = false }: Access): RequestHandler {
  const readers = read.map(digest)
  const writers = write.map(digest)
  return (request, response, next) => {
    if (readers.length + writers.length === 0) {
      if (anyHost || isOfThisMachine(request.headers.host ?? '')) return next()
      const detail =
        'without tokens only this machine is served, under its own name; see api.tokens and api.insecure'
      return sendProblem(response, 403, detail)
    }
    const [scheme, token] = (request.headers.authorization ?? '').split(' ')
    const given = scheme?.toLowerCase() === 'bearer' && token ? digest(token) : undefined
    const isWriter = isAmong(writers, given)
    const isReader = isAmong(readers, given)
    if (isWriter || (isReader && READING.has(request.method))) return next()
    if (isReader)
      return sendProblem(response, 403, `this token may read; ${request.method} needs one that may write`)
    response.set('www-authenticate', 'Bearer realm="stacktach"')
    sendProblem(response, 401, 'expected a valid token in the header Authorization: Bearer TOKEN')
  }
}

/** A page of elsewhere can make a browser ask this machine, but not under the machine's own name. */
function isOfThisMachine(hostAndPort: string): boolean {
  const host = hostAndPort.replace(/:\d+$/, '').toLowerCase()
  return host === '' || isLoopback(host === '[::1]' ? '::1' : host)
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

/** Takes the same time whichever it is: all are compared, and all of each. */
function isAmong(known: readonly Buffer[], given: Buffer | undefined): boolean {
  const compared = given ?? Buffer.alloc(32)
  const matches = known.map((one) => timingSafeEqual(one, compared)).filter(Boolean)
  return given !== undefined && matches.length > 0
}
