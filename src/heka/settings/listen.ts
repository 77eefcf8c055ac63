import { networkInterfaces } from 'node:os'
import { type ListenAddress, parseListenAddress } from '../../runtime/listen-address.ts'
import { form, type Setting } from './setting.ts'

/** An address to listen on: HOST:PORT, or :PORT for all addresses of this machine. */
export function bindAddress(otherwise: string): Setting<ListenAddress> {
  return form('address to listen on', { otherwise }, 'HOST:PORT or :PORT', parseBindAddress)
}

/** An address of the same form where something is served; null for the empty text, where nothing is. */
export function servedAddress(about: string, otherwise = ''): Setting<ListenAddress | null> {
  return form(`address of ${about}; empty: none`, { otherwise }, 'HOST:PORT, :PORT or nothing', (text) =>
    text === '' ? null : parseBindAddress(text),
  )
}

function parseBindAddress(text: string): ListenAddress | undefined {
  const address = text.includes(':') ? parseListenAddress(text.replace(/^:/, 'any:')) : undefined
  return address && text.startsWith(':') ? { ...address, host: anyHost() } : address
}

/** Returns the address that stands for all of this machine. */
export function anyHost(): string {
  const all = Object.values(networkInterfaces()).flat()
  return all.some((one) => one?.family === 'IPv6') ? '::' : '0.0.0.0'
}
