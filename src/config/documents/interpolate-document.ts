import type { Findings } from '../checks/findings.ts'
import { type Environment, interpolate } from './interpolate.ts'
import type { ConfigDocument, DocumentPath } from './yaml-document.ts'

/**
 * Returns the value of a document with `${NAME}` replaced in its texts. Adds a finding for each unset variable
 * and for each text with a broken reference.
 */
export function interpolateDocument(
  document: ConfigDocument,
  environment: Environment,
  findings: Findings,
): unknown {
  const replace = (value: unknown, path: DocumentPath): unknown => {
    if (typeof value === 'string') {
      return interpolate(value, environment, (severity, message) => {
        findings.add({ severity, code: 'environment', path, message, position: document.positionOf(path) })
      })
    }
    if (Array.isArray(value)) return value.map((item, index) => replace(item, [...path, index]))
    if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
      return value
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, replace(item, [...path, key])]),
    )
  }
  return replace(document.value, [])
}
