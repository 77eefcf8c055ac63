import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'

/** Whether two files are there and have the same bytes. */
export async function haveSameContent(one: string, other: string): Promise<boolean> {
  const sizes = await Promise.all(
    [one, other].map((path) =>
      stat(path).then(
        ({ size }) => size,
        () => -1,
      ),
    ),
  )
  if (sizes[0] !== sizes[1] || sizes[0] === -1) return false
  const [first, second] = await Promise.all([contentHash(one), contentHash(other)])
  return first === second
}

/** Returns the SHA-256 of the bytes of a file, as hex digits. */
export async function contentHash(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const bytes of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(bytes)
  return hash.digest('hex')
}
