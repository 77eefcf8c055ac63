/** Facts about a message beside its body, in order: where it came from, when, and its properties. */
export type Metadata = readonly (readonly [name: string, value: string])[]

/** A message for the archive. */
export type ArchiveRecord = {
  /** the body as it came, unpacked */
  readonly body: Buffer
  /** whether the body is JSON */
  readonly isJson: boolean
  /** Returns the facts about the message. Called only where the files keep them. */
  readonly metadata?: (() => Metadata) | undefined
}

/**
 * Keeps every raw notification before it is acknowledged.
 *
 * @example
 * await archive.append(bodies.map((body) => ({ body, isJson: true })))
 */
export interface Archive {
  /**
   * Resolves when the records are on disk. Rejects with TransientError when they cannot be written; then none
   * of them counts as kept.
   */
  append(records: readonly ArchiveRecord[]): Promise<void>
  /** The file that is written now; undefined where there is none. */
  readonly file?: string | undefined
  /** Completes the current file and leaves the folders. */
  close(): Promise<void>
}
