import { hash, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { messageOf, StackTachError } from '../../domain/errors.ts'
import type { Logger } from '../../runtime/logger.ts'
import { syncFolderOf } from '../../runtime/sync-file.ts'
import { partOf, writeWholeFile } from '../../runtime/write-whole-file.ts'
import { additionsList, additionsText, parseAdditions } from './additions-form.ts'
import { LeftFiles } from './left-files.ts'
import { type OffsetEntry, offsetsText, parseOffsets } from './offsets-form.ts'
import type { RememberedFile } from './source-file.ts'

/** Ends of the names of what stands beside the file of offsets: our additions, and what thunder writes before it has that name. */
const ADDITIONS = '.files'
const TEMPORARY = '.tmp'
/** As thunder makes it: less what the process takes away, others may read it. */
const MODE = 0o666

/**
 * Keeps how far each file is answered, in thunder's format, so that its collector can go on there; what only our collector knows
 * stands in a second file beside it. Where thunder has written the first since, the second counts for nothing but the name of the
 * collector.
 */
export class OffsetsStore {
  readonly #path: string
  readonly #logger: Logger
  #peer: string = randomUUID()
  #saved: string | undefined
  #savedList: string | undefined
  readonly #left = new LeftFiles()
  readonly #offsets = new Map<bigint, number>()
  #saving: Promise<void> = Promise.resolve()

  constructor(path: string, logger: Logger) {
    this.#path = path
    this.#logger = logger
  }

  /** Name of this collector, which no other has. */
  get peer(): string {
    return this.#peer
  }

  /** Paths of the files that are written, which must not be collected. */
  get paths(): readonly string[] {
    const written = [this.#path, `${this.#path}${ADDITIONS}`]
    return [...written, ...written.map(partOf), `${this.#path}${TEMPORARY}`]
  }

  async load(): Promise<void> {
    const text = await this.#read(this.#path)
    const additions = parseAdditions((await this.#read(`${this.#path}${ADDITIONS}`)) ?? '')
    if (additions) this.#peer = additions.peer
    if (text === undefined) return
    this.#saved = text
    const entries = parseOffsets(text)
    if (!entries) {
      const sentence = `${this.#path} is no list of offsets; all files are sent from their begin`
      this.#logger.warn({ file: this.#path }, sentence)
      return
    }
    if (additions?.texts.includes(hash('sha256', text)))
      for (const file of additions.files) this.#left.add(file)
    else for (const entry of entries) this.#note(entry)
  }

  #note({ inode, offset }: OffsetEntry): void {
    // A negative offset would keep its file from ever being read.
    if (offset > 0n && offset <= Number.MAX_SAFE_INTEGER) this.#offsets.set(inode, Number(offset))
  }

  /** Returns what is known of a file that is not read; of one that only thunder has read no more than its offset. */
  remembered(dev: bigint, ino: bigint): RememberedFile | undefined {
    const known = this.#left.at(dev, ino)
    if (known) return known
    const answered = this.#offsets.get(ino)
    if (answered === undefined) return undefined
    return { dev, ino, stream: '', answered, fingerprint: { length: 0, sha256: '' }, bornNs: 0n, earlier: [] }
  }

  /** Forgets the offsets of thunder, once they are looked up: a later file may be another one of the same inode. */
  forget(): void {
    this.#offsets.clear()
  }

  /** Keeps a file that is no longer read until it comes back. */
  leave(file: RememberedFile): void {
    this.#left.add({ ...file, leftAt: Date.now() })
  }

  /**
   * Saves how far the files that are read are answered, unless nothing has changed. `others` are offsets of inodes that are no files of the
   * folder. Resolves when it is on disk. Rejects with StackTachError.
   */
  save(files: readonly RememberedFile[], others: readonly OffsetEntry[] = []): Promise<void> {
    for (const file of files) this.#left.drop(file)
    const left = this.#left.keep(Date.now())
    const next = this.#saving.catch(() => {}).then(() => this.#save(files, left, others))
    this.#saving = next
    return next
  }

  async #save(
    files: readonly RememberedFile[],
    left: readonly RememberedFile[],
    others: readonly OffsetEntry[],
  ): Promise<void> {
    const begun = files.filter(({ answered }) => answered > 0)
    const entries = begun.map(({ ino, answered }) => ({ inode: ino, offset: BigInt(answered) }))
    const text = offsetsText([...entries, ...others])
    const list = additionsList([...files, ...left])
    if (text === this.#saved && list === this.#savedList && existsSync(this.#path)) return
    const texts = [this.#saved, text].filter((one) => one !== undefined).map((one) => hash('sha256', one))
    const additions = additionsText({ peer: this.#peer, texts }, list)
    try {
      await writeWholeFile(`${this.#path}${ADDITIONS}`, additions, MODE)
      if (text !== this.#saved || !existsSync(this.#path)) await writeWholeFile(this.#path, text, MODE)
      await syncFolderOf(this.#path)
    } catch (error) {
      throw new StackTachError('io', `cannot save offsets in ${this.#path}: ${messageOf(error)}`, {
        cause: error,
      })
    }
    this.#saved = text
    this.#savedList = list
  }

  async #read(path: string): Promise<string | undefined> {
    try {
      return await readFile(path, 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw new StackTachError('io', `cannot read ${path}: ${messageOf(error)}`, { cause: error })
    }
  }
}
