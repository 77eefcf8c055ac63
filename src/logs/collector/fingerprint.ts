import { hash } from 'node:crypto'
import { readSync } from 'node:fs'

/** The first bytes of a file, by their hash. */
export type Fingerprint = { readonly length: number; readonly sha256: string }

/** Most bytes that a fingerprint is of. */
const MOST_BYTES = 1024

/** Returns the fingerprint of a file up to a place in it. */
export function fingerprintOf(fd: number, upTo: number): Fingerprint {
  const bytes = Buffer.alloc(Math.min(MOST_BYTES, upTo))
  const length = bytes.length > 0 ? readSync(fd, bytes, 0, bytes.length, 0) : 0
  return { length, sha256: hash('sha256', bytes.subarray(0, length), 'hex') }
}

/** Returns whether a fingerprint of a file would say more, now that it is known up to a place. */
export function canGrow({ length }: Fingerprint, upTo: number): boolean {
  return length < MOST_BYTES && upTo > length
}

/** Returns whether a file begins with the bytes that a fingerprint is of. */
export function hasFingerprint(fd: number, { length, sha256 }: Fingerprint): boolean {
  if (length === 0) return true
  const found = fingerprintOf(fd, length)
  return found.length === length && found.sha256 === sha256
}
