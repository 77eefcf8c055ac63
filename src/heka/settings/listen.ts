import { networkInterfaces } from 'node:os'
import { ConfigError } from '../../domain/errors.ts'
import { type ListenAddress, parseListenAddress } from '../../runtime/listen-address.ts'

/** Reads HOST:PORT, or :PORT for all addresses of this machine. Throws ConfigError, which names the setting. */
export function parseBindAddress(text: string, setting: string): ListenAddress {
  const address = text.includes(':') ? parseListenAddress(text.replace(/^:/, 'any:')) : undefined
  if (!address)
    throw new ConfigError(`${setting}: expected HOST:PORT or :PORT, found ${JSON.stringify(text)}`)
  return text.startsWith(':') ? { ...address, host: anyHost() } : address
}

/** Returns the address that stands for all of this machine. */
export function anyHost(): string {
  const all = Object.values(networkInterfaces()).flat()
  return all.some((one) => one?.family === 'IPv6') ? '::' : '0.0.0.0'
}
