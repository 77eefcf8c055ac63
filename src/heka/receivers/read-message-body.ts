import type { IncomingMessage } from 'node:http'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'

const unzip = promisify(gunzip)

/** The body of a request, or why there is none. */
export type BodyRead = Buffer | 'broken' | 'too-large' | 'not-gzip'

/** Reads the body of a request, of at most `most` bytes; one with `Content-Encoding: gzip` is unpacked. */
export async function readMessageBody(request: IncomingMessage, most: number): Promise<BodyRead> {
  const isPacked = request.headers['content-encoding']?.trim().toLowerCase() === 'gzip'
  const read = await readBytes(request, most)
  if (!isPacked || typeof read === 'string') return read
  try {
    return await unzip(read, { maxOutputLength: most })
  } catch (error) {
    const isLarge = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
    return isLarge ? 'too-large' : 'not-gzip'
  }
}

function readBytes(request: IncomingMessage, most: number): Promise<BodyRead> {
  return new Promise((resolve) => {
    // What is too large is read all the same, so that the client reads the answer.
    if (Number(request.headers['content-length'] ?? 0) > most) resolve('too-large')
    const parts: Buffer[] = []
    let length = 0
    request.on('data', (part: Buffer) => {
      length += part.length
      if (length <= most) parts.push(part)
      else resolve('too-large')
    })
    request.once('end', () => resolve(parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts)))
    request.once('error', () => resolve('broken'))
    request.once('close', () => resolve('broken'))
  })
}
