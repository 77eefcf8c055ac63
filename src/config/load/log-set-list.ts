import { compileLogSet } from '../../ship/log-sets/compile-log-set.ts'
import type { LogSet } from '../../ship/log-sets/log-set.ts'
import { checkShape } from '../checks/check-shape.ts'
import { Findings } from '../checks/findings.ts'
import { type ConfigDocument, type DocumentPath, memberOf } from '../documents/yaml-document.ts'
import { logSetSchema } from '../schemas/ship-schema.ts'
import { asWarning } from './load-checked.ts'

/**
 * Compiles the log sets of a list in a document, each by itself: a faulty one is left out, and the others are returned. Unknown
 * keys are warnings, as hermes passes over them.
 */
export function compileLogSets(document: ConfigDocument, base: DocumentPath, findings: Findings): LogSet[] {
  const list = base.length === 0 ? document.value : memberOf(document.value, base)
  if (!Array.isArray(list)) {
    findings.error('shape', base, 'expected a list of log sets', document.positionOf(base))
    return []
  }
  const names = new Set<string>()
  return list.flatMap((value: unknown, index) => {
    const path = [...base, index]
    const own = new Findings()
    const config = checkShape(document, value, logSetSchema, own, path)
    findings.addAll(own.list.map(asWarning))
    if (!config) return []
    if (names.has(config.name)) {
      const at = [...path, 'name']
      findings.error(
        'duplicate',
        at,
        `name: there is another log set ${JSON.stringify(config.name)}`,
        document.positionOf(at),
      )
      return []
    }
    names.add(config.name)
    const set = compileLogSet(config, findings.reporter(document, path))
    return set ? [set] : []
  })
}
