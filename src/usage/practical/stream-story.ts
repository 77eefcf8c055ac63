import type { Event } from '../../domain/event.ts'
import { formatIso, type Micros } from '../../domain/time.ts'
import { textOf, timeOf } from '../traits.ts'
import type { Step, Subject } from './subject.ts'

/** An event with the step that it reports. */
export type Entry = {
  readonly event: Event
  readonly step: Step
  /** whether the event belongs to another stream: it is evidence only, and judged there */
  readonly isElsewhere: boolean
}

/** A period of time: begin inclusive, end exclusive. */
export type Period = { readonly begin: Micros; readonly end: Micros }

/** The events of one server or volume, as the rules read them. */
export type StreamStory = {
  /**
   * in the order of the stream, without events that report no step; with entries of other streams, by
   * timestamp
   */
  readonly entries: readonly Entry[]
  /** all steps that occur */
  readonly steps: ReadonlySet<Step>
  /** the time range that distinguishes the stream; undefined where its trigger has none */
  readonly range: Period | undefined
  readonly subject: Subject
}

/**
 * Creates a story. `others` are events of the same server or volume in other streams, which came too late or
 * belong to the day before or after.
 */
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

/** Returns the audit period of an exists; undefined where it has none. */
export function auditPeriodOf(exists: Event): Period | undefined {
  const begin = timeOf(exists, 'audit_period_beginning')
  const end = timeOf(exists, 'audit_period_ending')
  return begin === undefined || end === undefined ? undefined : { begin, end }
}

/**
 * Whether an event is the aftermath of a deletion: Nova's periodic clean-up sends an update of a deleted
 * server, minutes later or on the next day.
 */
export function isAftermath({ event, step }: Entry): boolean {
  const state = textOf(event, 'state')
  if (step !== 'update' || state !== textOf(event, 'old_state')) return false
  // Where the host was down, a softly deleted server is terminated later.
  return state === 'deleted' || (state === 'soft-delete' && timeOf(event, 'terminated_at') !== undefined)
}

/** Whether an event belongs to a request; never when the request is undefined. */
export function isOfRequest({ event }: Entry, request: string | undefined): boolean {
  return request !== undefined && textOf(event, 'request_id') === request
}

/** Formats a period for messages. */
export function periodText({ begin, end }: Period): string {
  return `${formatIso(begin)} to ${formatIso(end)}`
}

/** Returns an event's type and message id for messages. */
export function nameOf({ eventType, messageId }: Event): string {
  return `${eventType} ${messageId}`
}
