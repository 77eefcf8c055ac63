import { createHash } from 'node:crypto'
import type { Digest } from './target.ts'

/** Takes the digest of content that passes in pieces. */
export class Digester {
  readonly #sha256 = createHash('sha256')
  readonly #md5 = createHash('md5')
  #size = 0

  add(piece: Buffer): void {
    this.#sha256.update(piece)
    this.#md5.update(piece)
    this.#size += piece.length
  }

  /** Returns the digest of all that was added. Ends this digester. */
  end(): Digest {
    return { size: this.#size, sha256: this.#sha256.digest('hex'), md5: this.#md5.digest('hex') }
  }
}

/** Returns the digest of content. */
export async function digestOf(content: AsyncIterable<Buffer>): Promise<Digest> {
  const digester = new Digester()
  for await (const piece of content) digester.add(piece)
  return digester.end()
}

/** Returns whether two digests are of the same content. */
export function isSameContent(one: Digest, other: Digest): boolean {
  return one.size === other.size && one.sha256 === other.sha256 && one.md5 === other.md5
}
