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
/** after these an exists of the whole period is owed again */
const ENDS: readonly string[] = [...SERVER.settling, 'shelve.end', 'delete.end']

/**
 * What the events come to that no exists follows: U0, or no exists is owed for them, since the server never ran, is on no
 * host, or was deleted before.
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

/** Whether an exists must tell of an event: of this stream, no aftermath, and within the period of no other exists. */
function isOwed(entry: Entry, exists: readonly Entry[]): boolean {
  if (entry.isElsewhere || isAftermath(entry)) return false
  return !exists.some((other) => isToldOf(entry, other))
}

/** Whether the audit period of an exists holds the event: the clocks of two hosts differ, and some come late. */
export function isToldOf({ event }: Entry, exists: Entry | undefined): boolean {
  if (!exists || !isWholePeriod(exists.event)) return false
  const period = auditPeriodOf(exists.event)
  return period !== undefined && event.timestamp >= period.begin && event.timestamp < period.end
}

/** Nova's audit of a period passes over what was launched, or launched again, at its end: databases round up. */
function isLaunchedAfter(rest: readonly Entry[], end: number): boolean {
  const launched = rest.findLast(({ event }) => timeOf(event, 'launched_at') !== undefined)
  return (
    launched !== undefined && (timeOf(launched.event, 'launched_at') as number) >= end - MICROS_PER_SECOND
  )
}

/** Whether all that follows the last exists is of the operation that it was sent for, which has not come to its end. */
function isAnnounced(rest: readonly Entry[], exists: Entry | undefined): boolean {
  if (!exists || isWholePeriod(exists.event)) return false
  const request = textOf(exists.event, 'request_id')
  return rest.every((entry) => isOfRequest(entry, request) && !isEnd(entry))
}

/** A failure is an end as well: the server is what it was, or broken, and is audited. */
function isEnd({ event, step }: Entry): boolean {
  return ENDS.includes(step) || SERVER.hasFailed(event, step)
}

/** Nova's audit of a period passes over what was terminated before it began. */
function endedBefore({ event }: Entry, begin: number): boolean {
  const ended = timeOf(event, 'terminated_at') ?? timeOf(event, 'deleted_at')
  return ended !== undefined && textOf(event, 'state') === 'deleted' && ended <= begin + MICROS_PER_SECOND
}

/** Returns the type of the exists that the events of this stream would be followed by; a server may be told of in both forms. */
export function existsTypeOf(entries: readonly Entry[]): string {
  const isVersioned = entries.some(
    ({ event: { eventType }, isElsewhere }) =>
      !isElsewhere && /^instance\.|^compute_task\..*\.error$/.test(eventType),
  )
  return isVersioned ? 'instance.exists' : 'compute.instance.exists'
}

/** Whether it says that the server is, or will soon be, on no host. */
export function tellsOffloaded({ event, step }: Entry): boolean {
  return textOf(event, 'state') === OFFLOADED || step === 'shelve_offload.end'
}

/** Whether the server is on no host at the end, or was when it was deleted. */
function isOffloaded(rest: readonly Entry[]): boolean {
  const offloaded = rest.findLastIndex(tellsOffloaded)
  return offloaded >= 0 && !rest.slice(offloaded).some(({ step }) => step === 'unshelve.end')
}

/** Whether an exists was sent at this shelving: it tells of the usage until then. */
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

/** Whether it was shelved, or being so, when this begins: its usage ended with the exists of an earlier stream. */
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
  // A build also fails when its instance is gone.
  if (abort >= 0 && (deletion < 0 || abort < deletion)) {
    return `never launched: build aborted${detail(entries[abort] as Entry)}`
  }
  const isBroken = deletion >= 0 && textOf((entries[deletion] as Entry).event, 'state') === 'error'
  if (deletion >= 0 && !isBroken) return 'never launched: deleted while building'
  const failed = entries.findLast(({ event }) => textOf(event, 'state') === 'error')
  return failed ? `never launched: build failed${detail(failed)}` : 'never launched: still building'
}

/** The message in what Python prints of an exception: `{'kwargs': {}, 'message': 'No valid host was found.'}`. */
const PYTHON_MESSAGE = /'message': (?:'([^']*)'|"([^"]*)")/

/** What the event says of it, without the stack that may follow. */
function detail({ event }: Entry): string {
  const text = textOf(event, 'message') ?? textOf(event, 'reason')
  if (text === undefined) return ''
  const [, single, double] = PYTHON_MESSAGE.exec(text) ?? []
  return ` (${(single ?? double ?? text).split('\n', 1)[0]?.trim()})`
}

export function noExists(last: Entry | undefined) {
  const message = 'Notifications, but no .exists notification found.'
  return { code: 'U0', message: last ? `${message} The last one before is ${nameOf(last.event)}.` : message }
}
