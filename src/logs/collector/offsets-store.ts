import { hash, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { open, readFile, rename } from 'node:fs/promises'
import { messageOf, StackTachError } from '../../domain/errors.ts'
import type { Logger } from '../../runtime/logger.ts'
import { syncFolderOf } from '../../runtime/sync-file.ts'
import { type OffsetEntry, offsetsText, parseOffsets } from './offsets-form.ts'
import { idOf, type RememberedFile } from './source-file.ts'

/** Ends of the names of what stands beside the file of offsets: our additions, and files that are being written. */
const ADDITIONS = '.files'
const TEMPORARY = '.tmp'

/** What our additions hold: more of each file than its offset, and for which texts of the file of offsets it is. */
type Additions = {
  readonly peer: string
  /** hashes of the text before the last save and of the one that was saved: either may be there after a crash */
  readonly texts: readonly string[]
  readonly files: readonly {
    readonly dev: string
    readonly ino: string
    readonly stream: string
    readonly offset: number
    readonly fingerprint: { readonly length: number; readonly sha256: string }
    readonly born: string
    /** names in base64 */
    readonly earlier: readonly { readonly until: number; readonly name: string }[]
  }[]
}

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
  #files = new Map<string, RememberedFile>()
  #offsets = new Map<bigint, number>()
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
    return ['', ADDITIONS].flatMap((end) => [`${this.#path}${end}`, `${this.#path}${end}${TEMPORARY}`])
  }

  async load(): Promise<void> {
    const text = await this.#read(this.#path)
    const additions = additionsOf(await this.#read(`${this.#path}${ADDITIONS}`))
    if (additions) this.#peer = additions.peer
    if (text === undefined) return
    this.#saved = text
    const entries = parseOffsets(text)
    if (!entries) {
      const sentence = `${this.#path} is no list of offsets; all files are sent from their begin`
      this.#logger.warn({ file: this.#path }, sentence)
      return
    }
    if (additions?.texts.includes(hash('sha256', text))) this.#files = filesOf(additions)
    else for (const entry of entries) this.#note(entry)
  }

  #note({ inode, offset }: OffsetEntry): void {
    // A negative offset would keep its file from ever being read.
    if (offset > 0n && offset <= Number.MAX_SAFE_INTEGER) this.#offsets.set(inode, Number(offset))
  }

  /** Returns what is known of a file from before; of one that only thunder has read no more than its offset. */
  remembered(dev: bigint, ino: bigint): RememberedFile | undefined {
    const known = this.#files.get(idOf({ dev, ino }))
    if (known) return known
    const answered = this.#offsets.get(ino)
    if (answered === undefined) return undefined
    return { dev, ino, stream: '', answered, fingerprint: { length: 0, sha256: '' }, bornNs: 0n, earlier: [] }
  }

  /** Forgets what was known from before, once it is looked up. */
  forget(): void {
    this.#files.clear()
    this.#offsets.clear()
  }

  /**
   * Saves how far files are answered, unless nothing has changed. `others` are offsets of inodes that are no files of the
   * folder. Resolves when it is on disk. Rejects with StackTachError.
   */
  save(files: readonly RememberedFile[], others: readonly OffsetEntry[] = []): Promise<void> {
    const next = this.#saving.catch(() => {}).then(() => this.#save(files, others))
    this.#saving = next
    return next
  }

  async #save(files: readonly RememberedFile[], others: readonly OffsetEntry[]): Promise<void> {
    const begun = files.filter(({ answered }) => answered > 0)
    const entries = begun.map(({ ino, answered }) => ({ inode: ino, offset: BigInt(answered) }))
    const text = offsetsText([...entries, ...others])
    const list = JSON.stringify(files.map(additionOf))
    if (text === this.#saved && list === this.#savedList && existsSync(this.#path)) return
    const texts = [this.#saved, text].filter((one) => one !== undefined).map((one) => hash('sha256', one))
    const additions = `{"peer":"${this.#peer}","texts":${JSON.stringify(texts)},"files":${list}}\n`
    try {
      await this.#write(`${this.#path}${ADDITIONS}`, additions)
      if (text !== this.#saved || !existsSync(this.#path)) await this.#write(this.#path, text)
      await syncFolderOf(this.#path)
    } catch (error) {
      throw new StackTachError('io', `cannot save offsets in ${this.#path}: ${messageOf(error)}`, {
        cause: error,
      })
    }
    this.#saved = text
    this.#savedList = list
  }

  async #write(path: string, text: string): Promise<void> {
    const handle = await open(`${path}${TEMPORARY}`, 'w')
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(`${path}${TEMPORARY}`, path)
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

function additionOf(file: RememberedFile): Additions['files'][number] {
  const { dev, ino, stream, answered, fingerprint, bornNs, earlier } = file
  const names = earlier.map(({ until, name }) => ({ until, name: name.toString('base64') }))
  return {
    dev: `${dev}`,
    ino: `${ino}`,
    stream,
    offset: answered,
    fingerprint,
    born: `${bornNs}`,
    earlier: names,
  }
}

function additionsOf(text: string | undefined): Additions | undefined {
  if (text === undefined) return undefined
  try {
    const value = JSON.parse(text)
    return typeof value.peer === 'string' && Array.isArray(value.texts) && Array.isArray(value.files)
      ? value
      : undefined
  } catch {
    return undefined
  }
}

function filesOf({ files }: Additions): Map<string, RememberedFile> {
  const remembered = files.map(({ dev, ino, stream, offset, fingerprint, born, earlier }) => ({
    ...{ dev: BigInt(dev), ino: BigInt(ino), stream, answered: offset, fingerprint, bornNs: BigInt(born) },
    earlier: earlier.map(({ until, name }) => ({ until, name: Buffer.from(name, 'base64') })),
  }))
  return new Map(remembered.map((file) => [idOf(file), file]))
}
