import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Returns the message ids of all lines in the files of an archive, repeats included. Throws when a line is
 * incomplete. With `isOpen`, the last line of a file may still be being written and is left out.
 */
export function archivedIds(folder: string, { isOpen = false } = {}): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter(
    (entry) => entry.isFile() && !entry.name.startsWith('.') && entry.name.includes('.json'),
  )
  return files.flatMap(({ parentPath, name }) => {
    const file = join(parentPath, name)
    const lines = readFileSync(file, 'utf8').split('\n')
    if (lines.pop() !== '' && !isOpen) throw new Error(`the last line of ${file} is not whole`)
    return lines.map(messageId)
  })
}

/** Returns the message_id of a line, inside the envelope of oslo.messaging if there is one. */
function messageId(line: string): string {
  const body = JSON.parse(line)
  return ('oslo.message' in body ? JSON.parse(body['oslo.message']) : body).message_id
}
