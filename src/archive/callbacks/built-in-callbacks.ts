import { rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { makeFolder } from '../../runtime/make-folder.ts'
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
    return (await placeFile(path, join(this.#folder, basename(path)))) ?? path
  }
}

/** Adds `new_extension` to the name of a file, `.done` unless given; never over another file. */
export class ChangeExtensionCallback implements ArchiveCallback {
  readonly #extension: string

  constructor({ new_extension: extension }: CallbackValues) {
    this.#extension = (extension || 'done').replace(/^\.+/, '')
  }

  async onClose(path: string): Promise<string> {
    return (await placeFile(path, `${path}.${this.#extension}`)) ?? path
  }
}

/** Deletes a file. */
export class DeleteFileCallback implements ArchiveCallback {
  async onClose(path: string): Promise<null> {
    await rm(path)
    return null
  }
}
