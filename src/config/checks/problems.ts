import type { Position, Problem } from '../../domain/errors.ts'
import type { Report } from '../../domain/report.ts'
import type { ConfigDocument, DocumentPath } from '../documents/yaml-document.ts'

/**
 * The codes of errors with which a configuration can still be used. The original ignored unknown keys, and
 * noticed the other errors only when a stream reached them.
 */
const TOLERATED = new Set(['unknown-key', 'unknown-pipeline', 'unknown-name', 'unknown-trait'])

/** Returns whether a configuration with this problem cannot be used. */
export function isFatal({ severity, code }: Pick<Problem, 'severity' | 'code'>): boolean {
  return severity === 'error' && !TOLERATED.has(code)
}

/** Collects the problems of all files of a configuration. */
export class Problems {
  readonly #list: Problem[] = []

  get list(): readonly Problem[] {
    return this.#list
  }

  add(problem: Omit<Problem, 'path'> & { path: DocumentPath }): void {
    this.#list.push({ ...problem, path: problem.path.join('.') })
  }

  addAll(problems: readonly Problem[]): void {
    this.#list.push(...problems)
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
