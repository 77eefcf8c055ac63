/** What a whole object is known by. */
export type Digest = {
  /** in bytes */
  readonly size: number
  /** in hexadecimal digits */
  readonly sha256: string
  readonly md5: string
}

/**
 * Whether the store has an object with this content, and another one under its name where it differs. `revision` names what is
 * there: it changes when something else is put there.
 */
export type Verification =
  | { readonly kind: 'same'; readonly revision: string }
  | { readonly kind: 'differs'; readonly revision: string; readonly found: string }
  | { readonly kind: 'missing' }

/** A place that keeps objects by key. Keys are paths; what leads out of the place is refused with InvalidError. */
export type ObjectTarget = {
  /** a name for messages, such as `file:/mnt/logs` */
  readonly name: string
  /** whether the store takes no conditions, as far as was seen: it is asked for an object before one is put */
  readonly isAskedFirst?: boolean | undefined
  /** Resolves to the revision of an object; undefined when there is none. */
  head(key: string): Promise<string | undefined>
  /**
   * Stores an object under a key that has none, all of it or nothing; never overwrites. Resolves to `exists` when the key has
   * one. Rejects with ContentError, and stores nothing, when the content is not that of the digest. Calls `echo` with the revision where
   * the store has said the checksum of what it stored, and it is that of the content.
   */
  create(
    key: string,
    content: AsyncIterable<Buffer>,
    digest: Digest,
    echo?: (revision: string) => void,
  ): Promise<'created' | 'exists'>
  /** Compares what the store has under a key with a digest. */
  verify(key: string, digest: Digest): Promise<Verification>
  /** Yields the content of an object. Throws NotFoundError when there is none. */
  read(key: string): AsyncIterable<Buffer>
  /** Removes an object; resolves to whether there was one. */
  remove(key: string): Promise<boolean>
  close(): Promise<void>
}
