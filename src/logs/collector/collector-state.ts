/** What a collector counts since its start. */
export type CollectorCounters = {
  messages: number
  bytes: number
  answers: number
  /** bytes that were sent again after a connection was lost */
  resentBytes: number
  /** messages that the processor has refused */
  refusals: number
  /** files that were cut or took the inode of another, so that they are read from their begin */
  newLives: number
  faults: number
}

/** How far a collector is with one file. */
export type FileLag = { readonly file: string; readonly bytes: number; readonly seconds: number }

/** What a collector is doing, for metrics, health and status. */
export type CollectorView = CollectorCounters & {
  readonly files: number
  readonly lagBytes: number
  readonly lagSeconds: number
  readonly unansweredMessages: number
  readonly unansweredBytes: number
  readonly rotations: number
  readonly failedRotations: number
  readonly reconnects: number
  readonly refusedFiles: number
}
