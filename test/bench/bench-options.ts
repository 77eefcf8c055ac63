/** What may be said of a bench on the command line. */
export type BenchOptions = {
  /** number of events that a database is filled with */
  readonly events?: number | undefined
}
