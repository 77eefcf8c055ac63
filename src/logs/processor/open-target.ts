import { closeSync, constants, fstatSync, mkdirSync, openSync } from 'node:fs'
import { messageOf } from '../../domain/errors.ts'
import { HeldFolder } from '../../runtime/held-folder.ts'

const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_NOCTTY } = constants
const FLAGS = O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY
/** Errors that say something of the name, and not of the machine. */
const FAULTS_OF_NAMES: { readonly [code: string]: string } = {
  ELOOP: 'its name leads to a link, which is not followed',
  ENOTDIR: 'its name leads over a file or a link, which is not followed',
  ENOENT: 'its folder is not there',
  EISDIR: 'its name is that of a folder',
  ENXIO: 'its name is that of a pipe or a device',
  ENAMETOOLONG: 'its name is too long',
  EINVAL: 'its name cannot be used here',
  EILSEQ: 'its name cannot be used here',
  EACCES: 'it may not be written',
  EPERM: 'it may not be written',
}

/** A message that is not written, for a reason that a retry would not cure. */
export class Refusal extends Error {}

/**
 * Opens a file below a folder to append to it, and makes it where it is missing; folders are made where `makesFolders` says so.
 * Nothing leads out of the folder: links are not followed. Throws Refusal where the name cannot be used, else the system's error.
 */
export function openTarget(root: string, parts: readonly Buffer[], makesFolders: boolean): number {
  const folders = parts.slice(0, -1)
  const name = parts.at(-1) as Buffer
  let folder = HeldFolder.open(root)
  try {
    for (const one of folders) {
      const inner = childOf(folder, one, makesFolders)
      folder.close()
      folder = inner
    }
    return requirePlain(openSync(folder.at(name), FLAGS | O_CREAT, 0o666))
  } catch (error) {
    const reason = FAULTS_OF_NAMES[(error as NodeJS.ErrnoException).code ?? '']
    if (reason === undefined) throw error
    throw new Refusal(reason, { cause: messageOf(error) })
  } finally {
    folder.close()
  }
}

function childOf(folder: HeldFolder, name: Buffer, makes: boolean): HeldFolder {
  try {
    return folder.child(name)
  } catch (error) {
    if (!makes || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    mkdirSync(folder.at(name))
    return folder.child(name)
  }
}

function requirePlain(fd: number): number {
  if (fstatSync(fd).isFile()) return fd
  closeSync(fd)
  throw new Refusal('its name is that of a pipe or a device')
}
