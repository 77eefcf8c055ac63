import { isLoopback } from '../runtime/listen-address.ts'

/** Whether a Host header names this machine or the address on which the server listens. */
export function isOwnName(hostAndPort: string, configured?: string): boolean {
  const host = hostAndPort
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase()
  return host === '' || isLoopback(host) || host === configured?.toLowerCase()
}
