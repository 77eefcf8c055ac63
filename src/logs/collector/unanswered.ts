import type { SourceFile } from './source-file.ts'

/** A message that was sent and is not answered. */
export type Sent = {
  readonly file: SourceFile
  /** the life of the file that it is of */
  readonly stream: string
  readonly begin: number
  readonly end: number
}

/** The messages of a connection that are not answered, for each inode in the order in which they were sent. */
export class Unanswered {
  readonly #byInode = new Map<bigint, Sent[]>()
  #messages = 0
  #bytes = 0

  get messages(): number {
    return this.#messages
  }

  get bytes(): number {
    return this.#bytes
  }

  add(sent: Sent): void {
    const queue = this.#byInode.get(sent.file.ino)
    if (queue) queue.push(sent)
    else this.#byInode.set(sent.file.ino, [sent])
    this.#messages++
    this.#bytes += sent.end - sent.begin
  }

  /** Returns the messages of an inode, the oldest first. */
  of(inode: bigint): readonly Sent[] {
    return this.#byInode.get(inode) ?? []
  }

  /** Takes out so many of the oldest messages of an inode. */
  drop(inode: bigint, count: number): void {
    const queue = this.#byInode.get(inode) ?? []
    for (const { begin, end } of queue.splice(0, count)) {
      this.#messages--
      this.#bytes -= end - begin
    }
    if (queue.length === 0) this.#byInode.delete(inode)
  }

  /** Takes out all messages, and returns the files that they are of. */
  clear(): SourceFile[] {
    const files = [...this.#byInode.values()].flatMap((queue) => queue.map(({ file }) => file))
    this.#byInode.clear()
    this.#messages = 0
    this.#bytes = 0
    return [...new Set(files)]
  }
}
