import type { VerdictLine } from './verdict-line.ts'

/** Describes a verdict as text, optionally with its checks below it. */
export function describeVerdict(line: VerdictLine, withChecks: boolean): string {
  const { verdict, error_code, event_type, message_id, instance_id, timestamp } = line
  const head = [verdict, error_code, event_type, message_id].filter((part) => part !== null).join(' ')
  const details = [
    line.error,
    line.reason,
    ...line.warnings.map((warning) => `warning: ${warning}`),
    ...line.notes.map((note) => `note: ${note}`),
    line.repeats === null ? null : `repeats ${line.repeats}`,
    ...(withChecks ? line.checks.map(({ rule, outcome, text }) => `${rule} ${outcome}: ${text}`) : []),
  ]
  const below = details.flatMap((detail) => (detail === null ? [] : [`  ${detail}\n`]))
  return `${head} (instance ${instance_id ?? 'unknown'}, ${timestamp})\n${below.join('')}`
}

/** Summarises in one line how many verdicts there are of each kind. */
export function describeVerdicts(lines: readonly VerdictLine[]): string {
  const count = (verdict: VerdictLine['verdict']) => lines.filter((line) => line.verdict === verdict).length
  const warned = lines.filter(({ warnings }) => warnings.length > 0).length
  return `${count('verified')} verified (${warned} with a warning), ${count('failed')} failed, ${count('unbilled')} unbilled, ${count('open')} open\n`
}
