import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import type { HeldFolder } from '../../runtime/held-folder.ts'

const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

/** Opens a file of a folder to read it; follows no link and waits for no pipe. Rejects with the system's error. */
export function openFile(folder: HeldFolder, name: Buffer): Promise<FileHandle> {
  return open(folder.at(name), FLAGS)
}

/** Returns the folder and the name of an absolute path. */
export function splitPath(path: Buffer): { readonly folder: Buffer; readonly name: Buffer } {
  const slash = path.lastIndexOf(0x2f)
  return { folder: path.subarray(0, slash), name: path.subarray(slash + 1) }
}
