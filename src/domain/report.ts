/** One fault of a configured value. `path` leads from the top of the document to the value. */
export type Finding = {
  readonly severity: 'error' | 'warning'
  readonly code: string
  readonly path: readonly (string | number)[]
  readonly message: string
}

/**
 * Called with each finding while a document is checked, so that one run reports all faults.
 *
 * @example
 * const findings: Finding[] = []
 * compileTriggers(configs, (finding) => findings.push(finding))
 */
export type Report = (finding: Finding) => void
