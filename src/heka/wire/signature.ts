import { createHmac, timingSafeEqual } from 'node:crypto'
import { type FrameHeader, HASHES } from './header.ts'

/** Who signs messages, and with what. */
export type Signer = {
  readonly name: string
  readonly version: number
  readonly key: string
  /** `sha1`; anything else is MD5 */
  readonly hash: string
}

/** Keys of signers by `SIGNER_VERSION`. */
export type SignerKeys = ReadonlyMap<string, string>

/** Whether a message may be relayed by its signature: `unsigned` has none. */
export type Verdict = 'good' | 'bad' | 'unsigned'

/** Returns the parts of a header that sign a message. */
export function signatureOf(body: Uint8Array, signer: Signer): FrameHeader {
  const isSha1 = signer.hash === 'sha1'
  return {
    hmacHashFunction: isSha1 ? HASHES.indexOf('SHA1') : undefined,
    hmacSigner: Buffer.from(signer.name),
    hmacKeyVersion: signer.version,
    hmac: createHmac(isSha1 ? 'sha1' : 'md5', signer.key)
      .update(body)
      .digest(),
  }
}

/** Checks the signature of a message. It is bad where its key is not known, or its digest is another. */
export function verdictOn(header: FrameHeader, body: Uint8Array, keys: SignerKeys): Verdict {
  const { hmac, hmacSigner, hmacKeyVersion = 0, hmacHashFunction = 0 } = header
  if (hmac === undefined) return 'unsigned'
  const key = keys.get(`${hmacSigner?.toString() ?? ''}_${hmacKeyVersion}`)
  const hash = HASHES[hmacHashFunction]
  if (key === undefined || hash === undefined) return 'bad'
  const digest = createHmac(hash.toLowerCase(), key).update(body).digest()
  return digest.length === hmac.length && timingSafeEqual(digest, hmac) ? 'good' : 'bad'
}
