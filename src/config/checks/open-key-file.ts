import { stat } from 'node:fs/promises'

/** Permissions of users who are neither the owner nor of the group. */
const OTHERS = 0o007

/**
 * Returns a sentence when others than the owner and the group can read the file of a private key. A file that
 * is not there is no fault of this kind.
 */
export async function openKeyFault(file: string): Promise<string | undefined> {
  const mode = await stat(file).then(
    (found) => found.mode,
    () => 0,
  )
  if ((mode & OTHERS) === 0) return undefined
  return `${file} is a private key that others can read; chmod 640 the file`
}
