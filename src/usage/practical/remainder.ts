import { MICROS_PER_SECOND } from '../../domain/time.ts'
import { textOf, timeOf } from '../traits.ts'
import type { RemainderVerdict } from '../verdict.ts'
import { isWholePeriod } from './audit-period.ts'
import { hasLaunched } from './launch.ts'
import { SERVER } from './server.ts'
import {
  auditPeriodOf,
  type Entry,
  isAftermath,
  isOfRequest,
  nameOf,
  type StreamStory,
} from './stream-story.ts'

const OFFLOADED = 'shelved_offloaded'
/** steps after which an exists of the whole period is owed again */
const ENDS: readonly string[] = [...SERVER.settling, 'shelve.end', 'delete.end']

/**
 * Returns the verdict on the events that no exists follows: U0, or unbilled, since the server never ran, is
 * on no host, or was deleted before. Returns undefined when no such event needs an exists.
 */
export function checkRemainder(story: StreamStory): RemainderVerdict | undefined {
  const { entries, range } = story
  const last = entries.findLastIndex(({ step, isElsewhere }) => step === 'exists' && !isElsewhere)
  const exists = entries.filter(({ step }) => step === 'exists')
  const rest = entries.slice(last + 1).filter((entry) => isOwed(entry, exists))
  const first = rest[0]?.event
  if (!first) return undefined
  const existsType = existsTypeOf(entries)
  if (range && rest.some((entry) => endedBefore(entry, range.begin))) return undefined
  if (range && isLaunchedAfter(rest, range.end)) return undefined
  const own = entries.filter(({ isElsewhere }) => !isElsewhere)
  if (last < 0 && !hasLaunched(own))
    return { kind: 'unbilled', existsType, first, reason: whyNeverLaunched(own) }
  if (isAnnounced(rest, entries[last])) return undefined
  if (isOffloaded(rest)) {
    if (isShelvingTold(rest, entries)) return undefined
    if (isShelvedAlready(rest)) {
      const reason = 'shelved and offloaded: it is on no host, and Nova audits by host'
      return { kind: 'unbilled', existsType, first, reason }
    }
  }
  return { kind: 'fault', existsType, first, fault: noExists(entries[last]) }
}

/**
 * Whether an exists must report an event: one of this stream, no aftermath, and not within the period of
 * another exists.
 */
function isOwed(entry: Entry, exists: readonly Entry[]): boolean {
  if (entry.isElsewhere || isAftermath(entry)) return false
  return !exists.some((other) => isToldOf(entry, other))
}

/**
 * Whether the audit period of an exists contains an event, which may still be sorted after it: the clocks of
 * two hosts differ, and some events come late.
 */
export function isToldOf({ event }: Entry, exists: Entry | undefined): boolean {
  if (!exists || !isWholePeriod(exists.event)) return false
  const period = auditPeriodOf(exists.event)
  return period !== undefined && event.timestamp >= period.begin && event.timestamp < period.end
}

/**
 * Whether the last launch lies in the last second of the stream's time or later. Nova's audit of that time
 * skips such a server: databases round up.
 */
function isLaunchedAfter(rest: readonly Entry[], end: number): boolean {
  const launched = rest.findLast(({ event }) => timeOf(event, 'launched_at') !== undefined)
  return (
    launched !== undefined && (timeOf(launched.event, 'launched_at') as number) >= end - MICROS_PER_SECOND
  )
}

/**
 * Whether all events after the last exists belong to the operation that the exists announced, and the
 * operation has not ended.
 */
function isAnnounced(rest: readonly Entry[], exists: Entry | undefined): boolean {
  if (!exists || isWholePeriod(exists.event)) return false
  const request = textOf(exists.event, 'request_id')
  return rest.every((entry) => isOfRequest(entry, request) && !isEnd(entry))
}

/**
 * Whether an event ends an operation. A failure does too: the server is what it was, or broken, and is
 * audited.
 */
function isEnd({ event, step }: Entry): boolean {
  return ENDS.includes(step) || SERVER.hasFailed(event, step)
}

/**
 * Whether the server was terminated before the stream's time began. Nova's audit of that time skips such a
 * server.
 */
function endedBefore({ event }: Entry, begin: number): boolean {
  const ended = timeOf(event, 'terminated_at') ?? timeOf(event, 'deleted_at')
  return ended !== undefined && textOf(event, 'state') === 'deleted' && ended <= begin + MICROS_PER_SECOND
}

/**
 * Returns the event type of the exists that this stream lacks. A server's events may be in both forms; one
 * versioned event decides.
 */
export function existsTypeOf(entries: readonly Entry[]): string {
  const isVersioned = entries.some(
    ({ event: { eventType }, isElsewhere }) =>
      !isElsewhere && /^instance\.|^compute_task\..*\.error$/.test(eventType),
  )
  return isVersioned ? 'instance.exists' : 'compute.instance.exists'
}

/** Whether an event reports that the server is, or soon will be, on no host. */
export function tellsOffloaded({ event, step }: Entry): boolean {
  return textOf(event, 'state') === OFFLOADED || step === 'shelve_offload.end'
}

/** Whether the server is on no host at the end, or was on none when deleted. */
function isOffloaded(rest: readonly Entry[]): boolean {
  const offloaded = rest.findLastIndex(tellsOffloaded)
  return offloaded >= 0 && !rest.slice(offloaded).some(({ step }) => step === 'unshelve.end')
}

/** Whether an exists was sent at this shelving, which covers the usage until then. */
function isShelvingTold(rest: readonly Entry[], entries: readonly Entry[]): boolean {
  const since = entries.slice(entries.findLastIndex(({ step }) => step === 'unshelve.end') + 1)
  const shelving = rest.filter(({ step }) => step.startsWith('shelve.'))
  return since.some(({ event, step }) => {
    if (step !== 'exists' || isWholePeriod(event)) return false
    const request = textOf(event, 'request_id')
    const isOfIt = shelving.some((one) => isOfRequest(one, request))
    return isOfIt || textOf(event, 'state_description') === 'shelving'
  })
}

/**
 * Whether the server was shelved, or being shelved, when these events begin. Its usage then ended with the
 * exists of an earlier stream.
 */
function isShelvedAlready([first]: readonly Entry[]): boolean {
  if (!first) return false
  const isShelved = (textOf(first.event, 'state') ?? '').startsWith('shelved')
  return isShelved || (textOf(first.event, 'state_description') ?? '').startsWith('shelving_')
}

function whyNeverLaunched(entries: readonly Entry[]): string {
  const failure = entries.findLast(({ step }) => step === 'build.error')
  if (failure) return `never launched: no valid host${detail(failure)}`
  const deletion = entries.findIndex(({ step }) => step.startsWith('delete.') || step === 'shutdown.start')
  const abort = entries.findIndex(({ step }) => step === 'create.error')
  // A build also fails when its server is deleted meanwhile.
  if (abort >= 0 && (deletion < 0 || abort < deletion)) {
    return `never launched: build aborted${detail(entries[abort] as Entry)}`
  }
  const isBroken = deletion >= 0 && textOf((entries[deletion] as Entry).event, 'state') === 'error'
  if (deletion >= 0 && !isBroken) return 'never launched: deleted while building'
  const failed = entries.findLast(({ event }) => textOf(event, 'state') === 'error')
  return failed ? `never launched: build failed${detail(failed)}` : 'never launched: still building'
}

/**
 * Matches the message in Python's text of an exception: `{'kwargs': {}, 'message': 'No valid host was
 * found.'}`.
 */
const PYTHON_MESSAGE = /'message': (?:'([^']*)'|"([^"]*)")/

/** Returns the first line of an event's error message in parentheses, or the empty text. */
function detail({ event }: Entry): string {
  const text = textOf(event, 'message') ?? textOf(event, 'reason')
  if (text === undefined) return ''
  const [, single, double] = PYTHON_MESSAGE.exec(text) ?? []
  return ` (${(single ?? double ?? text).split('\n', 1)[0]?.trim()})`
}

/** Returns the fault U0, with the exists before these events, if any. */
export function noExists(last: Entry | undefined) {
  const message = 'Notifications, but no .exists notification found.'
  return { code: 'U0', message: last ? `${message} The last one before is ${nameOf(last.event)}.` : message }
}
