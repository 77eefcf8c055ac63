import type { IncomingMessage } from 'node:http'

/** Bytes of bodies that are being read, of one server. */
export type BodyRoom = { used: number; readonly most: number }

/** A body, or why there is none. */
export type ReadBody = Buffer | 'too_large' | 'no_room' | 'cut'

/**
 * Reads the body of a request up to `most` bytes. All bodies that are read at the same time share one room, so that
 * many large ones cannot fill the memory.
 */
export async function readBody(request: IncomingMessage, most: number, room: BodyRoom): Promise<ReadBody> {
  if (Number(request.headers['content-length'] ?? 0) > most) return 'too_large'
  const parts: Buffer[] = []
  let size = 0
  try {
    // Leaving early must not close the connection: the answer says why.
    for await (const part of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      size += part.length
      room.used += part.length
      if (size > most) return 'too_large'
      if (room.used > room.most) return 'no_room'
      parts.push(part)
    }
    return Buffer.concat(parts, size)
  } catch {
    return 'cut'
  } finally {
    room.used -= size
  }
}
