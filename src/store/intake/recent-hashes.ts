/** Most hashes that are kept: some batches of each queue that is read at the same time. */
const MOST = 8000

/** Message hashes of the events that this store stored last. */
export class RecentHashes {
  readonly #hashes = new Set<string>()

  has(hash: string): boolean {
    return this.#hashes.has(hash)
  }

  add(hashes: Iterable<string>): void {
    for (const hash of hashes) this.#hashes.add(hash)
    for (const oldest of this.#hashes) {
      if (this.#hashes.size <= MOST) break
      this.#hashes.delete(oldest)
    }
  }
}
