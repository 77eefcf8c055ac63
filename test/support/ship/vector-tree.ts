import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  appendFileSync,
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'

/** A file of a vector, or a change to one. */
export type TreeChange = {
  readonly path?: string
  readonly path_hex?: string
  readonly text?: string
  readonly fill?: { readonly text: string; readonly times: number }
  readonly append?: string
  readonly mtime?: string
  readonly type?: 'dir' | 'symlink' | 'fifo' | 'hardlink'
  readonly to?: string
  readonly mode?: number
  readonly remove?: string
  readonly touch?: string
  readonly remote_remove?: string
  readonly remote_write?: string
}

/** The files of a vector below a temporary folder, and its objects below another. */
export class VectorTree {
  readonly root: string
  readonly store: string

  constructor(folder: string) {
    this.root = join(folder, 'root')
    this.store = join(folder, 'store')
    mkdirSync(this.root)
    mkdirSync(this.store)
  }

  apply(change: TreeChange): void {
    const { remove, touch, remote_remove: lost, remote_write: put, text, fill, mtime } = change
    const content = text ?? (fill ? fill.text.repeat(fill.times) : '')
    if (remove !== undefined) rmSync(join(this.root, remove), { recursive: true, force: true })
    else if (lost !== undefined) rmSync(join(this.store, lost))
    else if (put !== undefined) writeBelow(join(this.store, put), content)
    else {
      const path = touch === undefined ? this.#pathOf(change) : Buffer.from(join(this.root, touch))
      if (touch === undefined) this.#write(path, content, change)
      if (mtime !== undefined && change.type !== 'symlink') utimesSync(path, new Date(mtime), new Date(mtime))
    }
  }

  #pathOf({ path, path_hex: hex }: TreeChange): Buffer {
    const bytes = hex === undefined ? Buffer.from(path as string) : Buffer.from(hex, 'hex')
    return Buffer.concat([Buffer.from(this.root), bytes])
  }

  #write(path: Buffer, content: string, { type, to = '', append, mode }: TreeChange): void {
    mkdirSync(path.subarray(0, path.lastIndexOf(0x2f)), { recursive: true })
    if (type === 'dir') mkdirSync(path, { recursive: true })
    else if (type === 'symlink') symlinkSync(to.startsWith('/') ? join(this.root, to) : to, path)
    else if (type === 'hardlink') linkSync(join(this.root, to), path)
    else if (type === 'fifo') execFileSync('mkfifo', [path.toString()])
    else if (append !== undefined) appendFileSync(path, append)
    else writeFileSync(path, content)
    if (mode !== undefined) chmodSync(path, mode)
  }

  /** Returns all files, links and pipes, sorted. */
  local(): string[] {
    return filesBelow(Buffer.from(this.root))
      .map((path) => path.subarray(this.root.length).toString())
      .sort()
  }

  /** Returns the objects of the store by key: their text, or `md5:` where it is long. */
  remote(): { [key: string]: string } {
    const paths = filesBelow(Buffer.from(this.store)).map(String)
    return Object.fromEntries(
      paths.map((path) => {
        const bytes = readFileSync(path)
        const text =
          bytes.length > 1000 ? `md5:${createHash('md5').update(bytes).digest('base64')}` : String(bytes)
        return [path.slice(this.store.length), text]
      }),
    )
  }
}

function writeBelow(path: string, content: string): void {
  mkdirSync(dirname(path), { recursive: true })
  if (existsSync(path)) rmSync(path)
  writeFileSync(path, content)
}

function filesBelow(folder: Buffer): Buffer[] {
  return readdirSync(folder, { encoding: 'buffer' }).flatMap((name) => {
    const path = Buffer.concat([folder, Buffer.from('/'), name])
    return lstatSync(path).isDirectory() ? filesBelow(path) : [path]
  })
}
