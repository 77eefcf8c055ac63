/**
 * Is called about each file of an archive. Own callbacks are ES modules, named `./my.js:MyCallback`, and are made
 * with the text values of the section [shoebox].
 *
 * @example
 * export class UploadCallback {
 *   async onClose(path) {
 *     await upload(path)
 *     return path
 *   }
 * }
 */
export interface ArchiveCallback {
  /** Called with the path of a new file, which is still to be written. */
  onOpen?(path: string): void | Promise<void>
  /**
   * Called with the path of a complete file in destination_folder. Returns where the file is now, for the next
   * callback; null when it is gone, and undefined when it is where it was.
   */
  onClose(path: string): Promise<string | null | undefined> | string | null | undefined
}

/** Texts of the section [shoebox], by key. */
export type CallbackValues = { readonly [key: string]: string }

export type CallbackClass = { new (values: CallbackValues): ArchiveCallback }

/** A callback and the name that it has in the configuration. */
export type NamedCallback = { readonly name: string; readonly callback: ArchiveCallback }
