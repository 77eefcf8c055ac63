import { isIP } from 'node:net'

export type ListenAddress = { readonly host: string; readonly port: number }

const PORT = '(0*(?:6553[0-5]|655[0-2]\\d|65[0-4]\\d{2}|6[0-4]\\d{3}|[1-5]\\d{4}|\\d{1,4}))'
/** Matches HOST:PORT, or PORT alone, with ports up to 65535. */
export const LISTEN_ADDRESS = new RegExp(`^(?:(\\[[0-9a-fA-F:]+\\]|[^:\\s]+):)?${PORT}$`)
/** Matches the same addresses where they are of this machine only. */
export const LOOPBACK_ADDRESS = new RegExp(`^(?:(127\\.\\d+\\.\\d+\\.\\d+|localhost|\\[::1\\]):)?${PORT}$`)

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

/** Whether a host is the loopback interface, which no other machine reaches. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true
  return isIP(host) === 4 && host.startsWith('127.')
}
