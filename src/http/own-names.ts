import type { RequestHandler } from 'express'
import { isLoopback } from '../runtime/listen-address.ts'
import { sendProblem } from './problem.ts'

/** Names by which a server may be asked: those of this machine, and the address where it listens. */
function isOwnName(hostAndPort: string, configured?: string): boolean {
  const host = hostAndPort
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase()
  return host === '' || isLoopback(host) || host === configured?.toLowerCase()
}

/**
 * Lets through only what asks by an own name, and not for a page of elsewhere: such a page can make a browser ask this
 * machine, but neither under the machine's own name nor without saying whose page it is.
 */
export function requireOwnName(detail: string, configured?: string): RequestHandler {
  return ({ headers: { host = '', origin } }, response, next) => {
    const page = origin?.replace(/^https?:\/\//i, '') || undefined
    if (isOwnName(host, configured) && (page === undefined || isOwnName(page, configured))) return next()
    sendProblem(response, 403, detail)
  }
}
