import { printable } from '../../text/printable.ts'
import type { Counted, NotificationsSummary, TriggerSummary, TypeSummary } from './summary.ts'

/** Most reasons that are shown of one kind; JSON has them all. */
const MOST_SHOWN = 5

/** Describes as text what a configuration makes of many notifications. */
export function describeSummary({
  notifications,
  events,
  event_types,
  triggers,
}: NotificationsSummary): string {
  const lines = [
    `${counted(notifications, 'notification')}, ${counted(events, 'event')}`,
    'event types:',
    ...event_types.flatMap(ofType),
    ...triggers.flatMap(ofTrigger),
  ]
  return `${lines.map(printable).join('\n')}\n`
}

function ofType({ event_type, count, errors }: TypeSummary): string[] {
  return [`  ${count} ${event_type}`, ...shownOf(errors, '    ', 'become no event')]
}

function ofTrigger({ name, joined, streams, mismatches, fire_criteria }: TriggerSummary): string[] {
  return [
    `trigger ${name}: ${counted(joined, 'event')} in ${counted(streams, 'stream')}`,
    ...shownOf(mismatches, '  ', 'do not match'),
    ...fire_criteria.flatMap(({ criterion, met, mismatches: others }) => [
      `  ${counted(met, 'event')} for the fire criterion ${criterion || 'any event'}`,
      ...shownOf(others, '    ', 'do not count'),
    ]),
  ]
}

function shownOf(counts: readonly Counted[], indent: string, verb: string): string[] {
  const shown = counts.slice(0, MOST_SHOWN).map(({ what, count }) => `${indent}${count} ${verb}: ${what}`)
  const rest = counts.slice(MOST_SHOWN).reduce((sum, { count }) => sum + count, 0)
  return rest === 0 ? shown : [...shown, `${indent}${rest} ${verb} for other reasons, which --json shows`]
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
