/**
 * One finding about a configured value whose place in a file is not known yet. `path` leads from the top of the
 * document to the value.
 */
export type UnplacedFinding = {
  readonly severity: 'error' | 'warning'
  readonly code: string
  readonly path: readonly (string | number)[]
  readonly message: string
}

/**
 * Called with each finding while a document is checked, so that one run reports all faults.
 *
 * @example
 * const findings: UnplacedFinding[] = []
 * compileTriggers(configs, (finding) => findings.push(finding))
 */
export type Report = (finding: UnplacedFinding) => void
