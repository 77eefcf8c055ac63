/** One fault of a configured value; `path` leads to it from the top of its document. */
export type Finding = {
  readonly severity: 'error' | 'warning'
  readonly code: string
  readonly path: readonly (string | number)[]
  readonly message: string
}

/** Takes findings as they are made, so that all of a document's faults are told in one go. */
export type Report = (finding: Finding) => void
