import { hash } from 'node:crypto'

/** The first 128 bits of SHA-256, as 32 hex digits. */
export function hash128(text: string): string {
  return hash('sha256', text, 'hex').slice(0, 32)
}

/** The first 64 bits of SHA-256, as 16 hex digits. */
export function hash64(text: string): string {
  return hash('sha256', text, 'hex').slice(0, 16)
}
