import { canGrow } from './fingerprint.ts'
import { idOf, type RememberedFile } from './source-file.ts'

/** Time for which a file is remembered that is not there, ms: for so long a processor knows what it has of it. */
const KEEP_MS = 30 * 86_400_000
/** Most files that are remembered; those that left last. */
const MOST = 1000

/**
 * Files that are not among those that are read: their file system is not mounted, or no pattern includes them. Each goes on at its
 * offset when it comes back.
 */
export class LeftFiles {
  #files = new Map<string, RememberedFile>()

  at(dev: bigint, ino: bigint): RememberedFile | undefined {
    return this.#files.get(idOf({ dev, ino }))
  }

  add(file: RememberedFile): void {
    // Last in the order of their leaving.
    this.drop(file)
    this.#files.set(idOf(file), file)
  }

  /** Forgets a file that has come back. */
  drop(file: RememberedFile): void {
    this.#files.delete(idOf(file))
  }

  /** Returns the files to be kept at a time in ms since the epoch, and forgets the others. Those of a former run have left now. */
  keep(now: number): readonly RememberedFile[] {
    const kept = [...this.#files.values()]
      .map((file) => ({ ...file, leftAt: file.leftAt ?? now }))
      .filter((file) => now - file.leftAt < KEEP_MS && canBeTold(file))
      .slice(-MOST)
    this.#files = new Map(kept.map((file) => [idOf(file), file]))
    return kept
  }
}

/** Whether a file can be told, by its birth or its first bytes, from another one that gets its inode. */
function canBeTold({ answered, bornNs, fingerprint }: RememberedFile): boolean {
  return answered > 0 && (bornNs !== 0n || !canGrow(fingerprint, Number.POSITIVE_INFINITY))
}
