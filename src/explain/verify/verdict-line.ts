import { type Event, momentOf } from '../../domain/event.ts'
import { formatIso, formatMoment } from '../../domain/time.ts'
import { type RestValue, restTraits } from '../../formats/rest-form.ts'
import { textOf, timeOf } from '../../usage/traits.ts'
import type { ExistsVerdict, PeriodsVerdict, RemainderVerdict, UsageCheck } from '../../usage/verdict.ts'
import type { StreamGroup } from './stream-groups.ts'

/** Kind of verdict; `open` where the notifications end before an exists is due. */
export type VerdictName = 'verified' | 'failed' | 'unbilled' | 'open'

/** A verdict as `stv3 verify --json` prints it. */
export type VerdictLine = {
  readonly verdict: VerdictName
  readonly error_code: string | null
  readonly error: string | null
  readonly warnings: readonly string[]
  readonly notes: readonly string[]
  readonly reason: string | null
  /**
   * message_id of the exists or, where it is missing, of the first event it should cover; null when the
   * verdict is about several exists
   */
  readonly message_id: string | null
  readonly event_type: string
  readonly timestamp: string
  readonly instance_id: string | null
  readonly audit_period_beginning: string | null
  readonly audit_period_ending: string | null
  /** message_id of an earlier exists of the same audit period */
  readonly repeats: string | null
  readonly trigger: string
  readonly stream: { readonly [trait: string]: RestValue }
  readonly checks: readonly UsageCheck[]
}

const NOTHING = {
  error_code: null,
  error: null,
  warnings: [],
  notes: [],
  reason: null,
  repeats: null,
  checks: [],
}

export function existsLine(verdict: ExistsVerdict, group: StreamGroup): VerdictLine {
  const { exists, fault, warnings, notes, repeats, checks } = verdict
  return {
    ...about(exists, group),
    verdict: fault ? 'failed' : 'verified',
    error_code: fault?.code ?? null,
    error: fault?.message ?? null,
    warnings,
    notes,
    repeats: repeats ?? null,
    checks,
  }
}

export function remainderLine(remainder: RemainderVerdict, isDue: boolean, group: StreamGroup): VerdictLine {
  const base = about(remainder.first, group)
  if (remainder.kind === 'unbilled') return { ...base, verdict: 'unbilled', reason: remainder.reason }
  if (!isDue) {
    const reason = 'the notifications end before its exists is due'
    return { ...base, verdict: 'open', reason }
  }
  return { ...base, verdict: 'failed', error_code: remainder.fault.code, error: remainder.fault.message }
}

/**
 * Returns one line for each gap and each overlap of the audit periods, or a single `verified` line. `isDue`:
 * whether the time of the stream is over.
 */
export function periodsLines(
  { exists, faults: found, missedAtEnd, notes }: PeriodsVerdict,
  isDue: boolean,
  group: StreamGroup,
): VerdictLine[] {
  const faults = isDue ? [...found, ...missedAtEnd] : found
  const [first, last] = [exists[0], exists.at(-1)]
  if (!first || !last) return []
  const line = {
    ...about(last, group),
    message_id: null,
    notes,
    event_type: `${last.eventType}.day`,
    audit_period_beginning: about(first, group).audit_period_beginning,
  }
  if (faults.length === 0) return [{ ...line, verdict: 'verified' }]
  return faults.map(({ code, message }) => ({ ...line, verdict: 'failed', error_code: code, error: message }))
}

function about(event: Event, { key }: StreamGroup): Omit<VerdictLine, 'verdict'> {
  const time = (name: string) => {
    const value = timeOf(event, name)
    return value === undefined ? null : formatIso(value)
  }
  return {
    ...NOTHING,
    message_id: event.messageId,
    event_type: event.eventType,
    timestamp: formatMoment(momentOf(event)),
    instance_id: textOf(event, 'instance_id') ?? null,
    audit_period_beginning: time('audit_period_beginning'),
    audit_period_ending: time('audit_period_ending'),
    trigger: key.name,
    stream: restTraits(key.traits),
  }
}
