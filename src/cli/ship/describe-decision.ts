import type { DecisionForm } from '../../ship/log-sets/decision-form.ts'

const REASONS: { readonly [decision: string]: string } = {
  no_match: 'the regular expression has no match in this path',
  not_found: 'its files are never looked at',
  too_young: 'it changed too recently, or the date in its name is too recent',
  no_date: 'its name lacks a date',
  no_customer: 'its customer is not known',
  no_target: 'its target cannot be made',
}

/** Returns lines for people about one decision. */
export function describeDecision(form: DecisionForm): string {
  const { set, decision, target, date, archive_after, delete_after, error } = form
  const rows = [
    ['target', target],
    ['date in its name', date],
    ['shipped from', archive_after],
    ['deleted from', delete_after],
    ['now', decision === 'due' ? workOf(form) : null],
    ['why', error ?? REASONS[decision] ?? null],
  ]
  const lines = rows.flatMap(([name, value]) =>
    value === null ? [] : [`  ${`${name}:`.padEnd(18)}${value}\n`],
  )
  return `${set ?? '(no log set)'}: ${decision}\n${lines.join('')}`
}

function workOf({ upload, delete: isDeleted }: DecisionForm): string {
  if (upload) return isDeleted ? 'uploaded, verified, then deleted' : 'uploaded and verified'
  return isDeleted ? 'deleted without being uploaded' : 'kept until its retention is over; nothing to upload'
}
