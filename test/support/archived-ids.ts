import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Returns the message ids of all lines in the files of an archive, as often as they are there. Each line must be whole;
 * with `isOpen` the last one of a file may be in the middle of being written, and is left out.
 */
export function archivedIds(folder: string, { isOpen = false } = {}): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile() && entry.name.includes('.json'))
  return files.flatMap(({ parentPath, name }) => {
    const file = join(parentPath, name)
    const lines = readFileSync(file, 'utf8').split('\n')
    if (lines.pop() !== '' && !isOpen) throw new Error(`the last line of ${file} is not whole`)
    return lines.map(messageId)
  })
}

/** The envelope of oslo.messaging holds the notification as a text. */
function messageId(line: string): string {
  const body = JSON.parse(line)
  return ('oslo.message' in body ? JSON.parse(body['oslo.message']) : body).message_id
}
