import { type DecisionForm, decisionForm } from '../log-sets/decision-form.ts'
import type { Outcome } from './file-job.ts'

/** An outcome as it is printed: the decision, and what was done. */
export type OutcomeForm = DecisionForm & {
  /** why nothing is uploaded */
  readonly note?: 'empty' | 'no_upload'
  readonly uploaded?: true
  readonly existed?: true
  readonly deleted?: true
  readonly vanished?: true
  readonly error_kind?: string
}

/** Returns an outcome as it is printed. */
export function outcomeForm({ file, placed, decision, result, ...done }: Outcome): OutcomeForm {
  const form = decisionForm(file.text, placed.name, decision, result)
  const { uploaded, existed, deleted, vanished, failure } = done
  return {
    ...form,
    error: done.error ?? form.error,
    ...(placed.set.isUploaded ? (file.stats.size === 0n ? { note: 'empty' } : {}) : { note: 'no_upload' }),
    ...(uploaded ? { uploaded } : {}),
    ...(existed ? { existed } : {}),
    ...(deleted ? { deleted } : {}),
    ...(vanished ? { vanished } : {}),
    ...(failure ? { error_kind: failure } : {}),
  }
}
