/** Who sends: a collector of ours by the name that it keeps, or any program by its address only. */
export type Sender = {
  /** host of the collector; the address where it does not say it */
  readonly host: string
  /** name of the collector; undefined for thunder */
  readonly peer: string | undefined
  /** aborts when the connection has ended */
  readonly signal: AbortSignal
}

/** The content of one message, and where in its file it begins. */
export type Content = {
  readonly file: Buffer
  readonly inode: bigint
  /** name of this life of the file; undefined for thunder */
  readonly stream: string | undefined
  readonly begin: bigint
  readonly end: bigint
  /** the bytes from begin to end, in as many buffers as they have come in */
  readonly pieces: readonly Buffer[]
}

/** Answers later for more of a file than was taken before, such as a last line that nothing has followed. */
export type AnswerLater = (content: Pick<Content, 'file' | 'inode'>, offset: bigint) => void

/** A place for the content of messages. */
export interface Sink {
  /** most messages of one connection that it may be given before it has taken the first of them */
  readonly depth: number
  /**
   * Resolves to the place in the file up to which all is safe. Rejects with Refusal where the content is not taken, and with any
   * other error when the process stops before.
   */
  take(content: Content, sender: Sender, answerLater: AnswerLater): Promise<bigint>
  /** Forgets what it keeps of a connection that has ended. */
  forget(sender: Sender): void
  /** Opens files by their names again. */
  reopen(): void
  /** Why it takes nothing at the moment. */
  hindrance(): string | undefined
  close(): Promise<void>
}
