import type { Event } from '../../domain/event.ts'
import { formatIso, type Micros } from '../../domain/time.ts'
import { textOf, timeOf } from '../traits.ts'
import type { Step, Subject } from './subject.ts'

export type Entry = {
  readonly event: Event
  readonly step: Step
  /** it is of another stream, and only looked at: its own verdict is told there */
  readonly isElsewhere: boolean
}

/** A stretch of time; begin inclusive, end exclusive. */
export type Period = { readonly begin: Micros; readonly end: Micros }

/** What a stream tells of one server or volume. */
export type StreamStory = {
  /** in the order of the stream; what tells of no step is left out */
  readonly entries: readonly Entry[]
  /** all steps that there are */
  readonly steps: ReadonlySet<Step>
  /** the time that the stream is about; undefined where its trigger tells streams apart by no range of time */
  readonly range: Period | undefined
  readonly subject: Subject
}

/** `others`: what other streams have of the same thing, which came too late or belongs to the day before or after. */
export function createStory(
  events: readonly Event[],
  others: readonly Event[],
  range: Period | undefined,
  subject: Subject,
): StreamStory {
  const entriesOf = (list: readonly Event[], isElsewhere: boolean) =>
    list.flatMap((event): Entry[] => {
      const step = subject.stepOf(event)
      return step === undefined ? [] : [{ event, step, isElsewhere }]
    })
  const own = entriesOf(events, false)
  const entries =
    others.length === 0
      ? own
      : [...entriesOf(others, true), ...own].sort((a, b) => a.event.timestamp - b.event.timestamp)
  return { entries, steps: new Set(entries.map(({ step }) => step)), range, subject }
}

/** The audit period that an exists tells of. */
export function auditPeriodOf(exists: Event): Period | undefined {
  const begin = timeOf(exists, 'audit_period_beginning')
  const end = timeOf(exists, 'audit_period_ending')
  return begin === undefined || end === undefined ? undefined : { begin, end }
}

/**
 * Whether an event follows a deletion: Nova's periodic clean-up sends an update of a server that was deleted
 * already, minutes later or on the next day.
 */
export function isAftermath({ event, step }: Entry): boolean {
  const state = textOf(event, 'state')
  if (step !== 'update' || state !== textOf(event, 'old_state')) return false
  // Where the host was away, a softly deleted server is terminated later.
  return state === 'deleted' || (state === 'soft-delete' && timeOf(event, 'terminated_at') !== undefined)
}

/** Whether an event is of the request; undefined: of none. */
export function isOfRequest({ event }: Entry, request: string | undefined): boolean {
  return request !== undefined && textOf(event, 'request_id') === request
}

/** A period as a message names it. */
export function periodText({ begin, end }: Period): string {
  return `${formatIso(begin)} to ${formatIso(end)}`
}

/** An event as a message names it. */
export function nameOf({ eventType, messageId }: Event): string {
  return `${eventType} ${messageId}`
}
