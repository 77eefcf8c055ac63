import { ContentError } from './content-error.ts'
import { ContentCheck, isSameContent } from './digest.ts'
import type { Digest } from './target.ts'

/** Yields content, and throws ContentError at its end when it is not the one announced. */
export async function* checkedContent(
  key: string,
  content: AsyncIterable<Buffer>,
  digest: Digest,
): AsyncGenerator<Buffer> {
  const check = new ContentCheck()
  for await (const piece of content) {
    check.add(piece)
    yield piece
  }
  if (!isSameContent(check.end(), digest)) throw new ContentError(key)
}

/** Resolves to copies of all pieces of content as one. Rejects with ContentError when it is not the one announced. */
export async function wholeContent(
  key: string,
  content: AsyncIterable<Buffer>,
  digest: Digest,
): Promise<Buffer> {
  const copied: Buffer[] = []
  for await (const piece of checkedContent(key, content, digest)) copied.push(Buffer.from(piece))
  return Buffer.concat(copied)
}
