import { MICROS_PER_SECOND } from '../../domain/time.ts'
import { textOf, timeOf } from '../traits.ts'
import type { RemainderVerdict } from '../verdict.ts'
import { isWholePeriod } from './audit-period.ts'
import { hasLaunched } from './launch.ts'
import { auditPeriodOf, type Entry, isAftermath, nameOf, type StreamStory } from './stream-story.ts'

const OFFLOADED = 'shelved_offloaded'

/**
 * What the events come to that no exists follows: U0, or no exists is owed for them, since the server never ran, is on no
 * host, or was deleted before.
 */
export function checkRemainder(story: StreamStory): RemainderVerdict | undefined {
  const { entries, range } = story
  const last = entries.findLastIndex(({ step }) => step === 'exists')
  const rest = entries
    .slice(last + 1)
    .filter((entry) => !isAftermath(entry) && !isToldOf(entry, entries[last]))
  const first = rest[0]?.event
  if (!first) return undefined
  const existsType = existsTypeOf(entries)
  if (range && rest.some((entry) => endedBefore(entry, range.begin))) return undefined
  if (last < 0 && !hasLaunched(entries))
    return { kind: 'unbilled', existsType, first, reason: whyNeverLaunched(entries) }
  if (isOffloaded(rest)) {
    if (isShelvingTold(entries, last)) return undefined
    if (!rest.some(({ step }) => step.startsWith('shelve.'))) {
      const reason = 'shelved and offloaded: it is on no host, and Nova audits by host'
      return { kind: 'unbilled', existsType, first, reason }
    }
  }
  return { kind: 'fault', existsType, first, fault: noExists(entries[last]) }
}

/** Whether the audit period of the last exists holds the event: the clocks of two hosts differ. */
export function isToldOf({ event }: Entry, exists: Entry | undefined): boolean {
  if (!exists || !isWholePeriod(exists.event)) return false
  const period = auditPeriodOf(exists.event)
  return period !== undefined && event.timestamp < period.end
}

/** Nova's audit of a period passes over what was terminated before it began. */
function endedBefore({ event }: Entry, begin: number): boolean {
  const ended = timeOf(event, 'terminated_at') ?? timeOf(event, 'deleted_at')
  return ended !== undefined && textOf(event, 'state') === 'deleted' && ended <= begin + MICROS_PER_SECOND
}

/** The exists that these events would be followed by. */
function existsTypeOf(entries: readonly Entry[]): string {
  const isVersioned = entries.some(({ event: { eventType } }) =>
    /^instance\.|^compute_task\..*\.error$/.test(eventType),
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

/** Whether the last exists was sent at the shelving: it tells of the usage until then. */
function isShelvingTold(entries: readonly Entry[], last: number): boolean {
  const exists = entries[last]?.event
  if (!exists) return false
  if (textOf(exists, 'state_description') === 'shelving') return true
  const request = textOf(exists, 'request_id')
  return entries
    .slice(last + 1)
    .some(({ event, step }) => step.startsWith('shelve.') && textOf(event, 'request_id') === request)
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
  if (deletion >= 0) return 'never launched: deleted while building'
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
