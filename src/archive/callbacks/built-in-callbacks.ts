import { existsSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { makeFolder } from '../../runtime/make-folder.ts'
import { syncFolderOf } from '../../runtime/sync-file.ts'
import { placeFile } from '../rolling/place-file.ts'
import type { ArchiveCallback, CallbackValues } from './callback.ts'

/** Moves a file to `destination_folder`, never over another file. */
export class MoveFileCallback implements ArchiveCallback {
  readonly #folder: string

  constructor({ destination_folder: folder = '.' }: CallbackValues) {
    this.#folder = folder
  }

  async onClose(path: string): Promise<string> {
    if (dirname(path) === this.#folder) return path
    makeFolder(this.#folder)
    return renamed(path, join(this.#folder, basename(path)))
  }
}

/** Adds `new_extension` to the name of a file, `.done` unless given; never over another file. */
export class ChangeExtensionCallback implements ArchiveCallback {
  readonly #extension: string

  constructor({ new_extension: extension }: CallbackValues) {
    this.#extension = (extension || 'done').replace(/^\.+/, '')
  }

  async onClose(path: string): Promise<string> {
    return renamed(path, `${path}.${this.#extension}`)
  }
}

/** Deletes a file. */
export class DeleteFileCallback implements ArchiveCallback {
  async onClose(path: string): Promise<null> {
    await rm(path)
    return null
  }
}

/**
 * Gives a file another name, never that of another file. In one step, so that a process that is killed leaves one name:
 * as long as it has the first name, no other file of the archive can get the second one.
 */
async function renamed(path: string, target: string): Promise<string> {
  if (existsSync(target)) return (await placeFile(path, target)) ?? path
  try {
    await rename(path, target)
    await syncFolderOf(target)
    return target
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error
    return (await placeFile(path, target)) ?? path
  }
}
