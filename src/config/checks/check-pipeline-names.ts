import type { TriggerConfig } from '../../streams/trigger-config.ts'
import { didYouMean } from '../../text/suggest.ts'
import type { ListFile } from '../documents/joined-lists.ts'
import type { Findings } from './findings.ts'

/** Finds pipelines that triggers name and no file defines. */
export function checkPipelineNames(
  { document, value }: ListFile<TriggerConfig>,
  known: readonly string[],
  findings: Findings,
): void {
  const names = new Set(known)
  for (const [index, trigger] of value.entries()) {
    for (const key of ['fire_pipeline', 'expire_pipeline'] as const) {
      const name = trigger[key]
      if (!name || names.has(name)) continue
      const message = `${key}: there is no pipeline ${JSON.stringify(name)}${didYouMean(name, known)}`
      findings.error('unknown-pipeline', [index, key], message, document.positionOf([index, key]))
    }
  }
}
