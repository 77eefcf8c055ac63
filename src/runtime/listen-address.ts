import { isIP } from 'node:net'

export type ListenAddress = { readonly host: string; readonly port: number }

const MOST_PORTS = 1000
const PORT = '(0*(?:6553[0-5]|655[0-2]\\d|65[0-4]\\d{2}|6[0-4]\\d{3}|[1-5]\\d{4}|\\d{1,4}))'
/** Matches HOST:PORT, or PORT alone, with ports up to 65535. */
export const LISTEN_ADDRESS = new RegExp(`^(?:(\\[[0-9a-fA-F:]+\\]|[^:\\s]+):)?${PORT}$`)
/** Matches the same addresses where they are of this machine only; a second port makes them a range. */
export const LOOPBACK_RANGE = new RegExp(
  `^(?:(127\\.\\d+\\.\\d+\\.\\d+|localhost|\\[::1\\]):)?${PORT}(?:-${PORT})?$`,
)

/** Matches the same addresses on any machine; a second port makes them a range. */
export const ANY_RANGE = new RegExp(`^(?:(\\[[0-9a-fA-F:]+\\]|[^:\\s]+):)?${PORT}(?:-${PORT})?$`)

/** An address and the ports that may be tried there, in order. */
export type ListenRange = { readonly host: string; readonly ports: readonly [number, ...number[]] }

/**
 * Parses HOST:PORT, or PORT alone for the loopback interface; returns undefined for any other text.
 *
 * @example
 * parseListenAddress('0.0.0.0:8000') // { host: '0.0.0.0', port: 8000 }
 */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const [whole, host = '127.0.0.1', port] = LISTEN_ADDRESS.exec(text) ?? []
  return whole === undefined ? undefined : { host: host.replace(/^\[|\]$/g, ''), port: Number(port) }
}

/**
 * Parses HOST:PORT, HOST:PORT-PORT, or the ports alone, where HOST is this machine's own; returns undefined for
 * any other text, and for a range that ends before it begins or has more than 1,000 ports.
 *
 * @example
 * parseLoopbackRange('127.0.0.1:9101-9103') // { host: '127.0.0.1', ports: [9101, 9102, 9103] }
 */
export function parseLoopbackRange(text: string): ListenRange | undefined {
  return rangeOf(LOOPBACK_RANGE, text)
}

/** Parses HOST:PORT or HOST:PORT-PORT as parseLoopbackRange does, of any machine. */
export function parseAddressRange(text: string): ListenRange | undefined {
  return rangeOf(ANY_RANGE, text)
}

function rangeOf(pattern: RegExp, text: string): ListenRange | undefined {
  const [whole, host = '127.0.0.1', from, to = from] = pattern.exec(text) ?? []
  const [first, last] = [Number(from), Number(to)]
  if (whole === undefined || last < first || last - first >= MOST_PORTS) return undefined
  const others = Array.from({ length: last - first }, (_, index) => first + 1 + index)
  return { host: host.replace(/^\[|\]$/g, ''), ports: [first, ...others] }
}

/** Whether a host is the loopback interface, which no other machine reaches. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true
  return isIP(host) === 4 && host.startsWith('127.')
}
