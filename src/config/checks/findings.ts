import type { Finding, Position } from '../../domain/errors.ts'
import type { Report } from '../../domain/report.ts'
import type { ConfigDocument, DocumentPath } from '../documents/yaml-document.ts'

/**
 * The codes of errors with which a configuration can still be used. The original ignored unknown keys, and
 * noticed the other errors only when a stream reached them.
 */
const TOLERATED = new Set(['unknown-key', 'unknown-pipeline', 'unknown-name', 'unknown-trait'])

/** Returns whether a configuration with this finding cannot be used. */
export function isFatal({ severity, code }: Pick<Finding, 'severity' | 'code'>): boolean {
  return severity === 'error' && !TOLERATED.has(code)
}

/**
 * Collects the findings of all files of a configuration. Keeps the first of those with the same message at
 * the same place: what an anchor holds is checked again for each of its aliases.
 */
export class Findings {
  readonly #list: Finding[] = []
  readonly #told = new Set<string>()

  get list(): readonly Finding[] {
    return this.#list
  }

  add(finding: Omit<Finding, 'path'> & { path: DocumentPath }): void {
    this.addAll([{ ...finding, path: finding.path.join('.') }])
  }

  addAll(findings: readonly Finding[]): void {
    for (const finding of findings) {
      const { file, line, column } = finding.position
      const told = JSON.stringify([file, line, column, finding.code, finding.message])
      if (this.#told.has(told)) continue
      this.#told.add(told)
      this.#list.push(finding)
    }
  }

  error(code: string, path: DocumentPath, message: string, position: Position): void {
    this.add({ severity: 'error', code, path, message, position })
  }

  warnOfRepeatedKeys({ repeatedKeys }: ConfigDocument): void {
    for (const { path, position } of repeatedKeys) {
      const message = `${path.at(-1)}: stands here again; only the last one counts`
      this.add({ severity: 'warning', code: 'repeated-key', path, message, position })
    }
  }

  /**
   * Returns a function that adds the findings of a compiler, with their positions in a document, below
   * `base`.
   */
  reporter(document: ConfigDocument, base: DocumentPath = []): Report {
    return ({ severity, code, path, message }) => {
      const full = [...base, ...path]
      this.add({ severity, code, path: full, message, position: document.positionOf(full) })
    }
  }
}
