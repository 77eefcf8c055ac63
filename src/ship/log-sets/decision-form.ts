import type { Decision } from './decide.ts'

/** A decision as it is printed: times in ISO 8601 with milliseconds, what is not known as null. */
export type DecisionForm = {
  readonly path: string
  readonly set: string | null
  readonly decision: string
  readonly target: string | null
  readonly date: string | null
  readonly archive_after: string | null
  readonly delete_after: string | null
  readonly upload: boolean
  readonly delete: boolean
  readonly error: string | null
  /** the uuid that was looked up, for log sets with a customer_uuid */
  readonly customer?: string
}

/** Returns a decision as it is printed. `verdict` replaces its own, as for a file that is remembered. */
export function decisionForm(
  path: string,
  set: string | null,
  decision: Decision,
  verdict: string = decision.verdict,
): DecisionForm {
  return {
    path,
    set,
    decision: verdict,
    target: decision.target ?? null,
    date: isoOf(decision.date),
    archive_after: isoOf(decision.archiveAfter),
    delete_after: isoOf(decision.deleteAfter),
    upload: decision.upload && decision.verdict === 'due',
    delete: decision.isDeleteDue,
    error: decision.error ?? null,
    ...(decision.customer === undefined ? {} : { customer: decision.customer }),
  }
}

/** Returns the form of a log set's definition that cannot be used. */
export function definitionFaultForm(path: string, set: string | null, error: string): DecisionForm {
  const none = { verdict: 'no_match', upload: false, isDeleteDue: false, error } as const
  return decisionForm(path, set, none, 'definition')
}

/** Formats milliseconds since the epoch; null where there are none, or none that a date can have. */
function isoOf(time: number | undefined): string | null {
  if (time === undefined || Number.isNaN(new Date(time).getTime())) return null
  return new Date(time).toISOString()
}
