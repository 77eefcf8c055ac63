import { createHash } from 'node:crypto'
import type { Digest, Verification } from './target.ts'

/** Takes the SHA-256 and the size of content that passes in pieces. */
export class ContentCheck {
  readonly #sha256 = createHash('sha256')
  #size = 0

  add(piece: Buffer): void {
    this.#sha256.update(piece)
    this.#size += piece.length
  }

  /** Returns what has passed. Ends this check. */
  end(): Pick<Digest, 'size' | 'sha256'> {
    return { size: this.#size, sha256: this.#sha256.digest('hex') }
  }
}

/** Returns the digest of content. */
export async function digestOf(content: AsyncIterable<Buffer>): Promise<Digest> {
  const check = new ContentCheck()
  const md5 = createHash('md5')
  for await (const piece of content) {
    check.add(piece)
    md5.update(piece)
  }
  return { ...check.end(), md5: md5.digest('hex') }
}

/** Reads content and returns its size and SHA-256. */
async function checkContent(content: AsyncIterable<Buffer>): Promise<Pick<Digest, 'size' | 'sha256'>> {
  const check = new ContentCheck()
  for await (const piece of content) check.add(piece)
  return check.end()
}

/** Compares content with a digest by reading it. `revision` is that of the content. */
export async function verifyContent(
  revision: string,
  content: AsyncIterable<Buffer>,
  digest: Digest,
): Promise<Verification> {
  const found = await checkContent(content)
  return isSameContent(found, digest)
    ? { kind: 'same', revision }
    : { kind: 'differs', revision, found: found.sha256 }
}

/** Returns whether content is that of a digest. */
export function isSameContent(found: Pick<Digest, 'size' | 'sha256'>, digest: Digest): boolean {
  return found.size === digest.size && found.sha256 === digest.sha256
}
