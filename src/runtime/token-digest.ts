import { createHash, timingSafeEqual } from 'node:crypto'

/** Returns the digest by which a token is compared. */
export function tokenDigest(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

/** Returns whether a digest is among others. All are compared, each in full: the time says nothing of which one matches. */
export function isAmongDigests(known: readonly Buffer[], given: Buffer): boolean {
  return known.map((one) => timingSafeEqual(one, given)).includes(true)
}
