import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/** Returns where it is noted that a file has been given to all callbacks: `.NAME.shipped` beside it. */
export function shippedPath(file: string): string {
  return join(dirname(file), `.${basename(file)}.shipped`)
}

/** Notes that all callbacks have had a file, and none failed: from now on it may be deleted by its age. */
export async function markShipped(file: string): Promise<void> {
  if (existsSync(file)) await writeFile(shippedPath(file), '', { mode: 0o600 })
}
