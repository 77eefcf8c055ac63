import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { hashOf } from './journal.ts'

/** A line of the archive: its body's hash, and its message_id where it has one as text. */
export type ArchivedMessage = { readonly hash: string; readonly id: string | undefined }

/** Returns the paths of all files of an archive. */
export async function archiveFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  return entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.') && entry.name.includes('.json'))
    .map(({ parentPath, name }) => join(parentPath, name))
}

/** Reads the messages of a file of the archive, in order. A line that was cut off is left out. */
export async function* archivedMessages(file: string): AsyncGenerator<ArchivedMessage> {
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    const message = messageOf(line)
    if (message) yield message
  }
}

/** Returns the message of a line; undefined where the line is no JSON. */
export function messageOf(line: string): ArchivedMessage | undefined {
  const parsed = parse(line)
  if (parsed === undefined) return undefined
  const { raw_base64: raw, message_id: id } = (parsed ?? {}) as { raw_base64?: unknown; message_id?: unknown }
  // What is no JSON is archived like this.
  const body = typeof raw === 'string' ? Buffer.from(raw, 'base64') : line
  return { hash: hashOf(body), id: typeof id === 'string' && id !== '' ? id : undefined }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
