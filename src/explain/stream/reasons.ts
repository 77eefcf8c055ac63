import { describeHold } from '../../clock/watermark-clock.ts'
import type { RunKind, Stream } from '../../domain/stream.ts'
import { formatIso, MICROS_PER_SECOND, type Micros } from '../../domain/time.ts'
import type { CriterionExplanation } from '../../formats/stream-explanation.ts'
import { formatDuration } from '../../text/format-duration.ts'
import { runKindOf } from './run-kind.ts'
import type { StreamFacts } from './stream-facts.ts'

/** Returns sentences about the state of a stream and what it waits for; the first is the answer. */
export function reasonsOf(facts: StreamFacts, criteria: readonly CriterionExplanation[]): string[] {
  const { stream, trigger } = facts
  const unknown = `The configuration has no trigger ${stream.name}: its criteria cannot be shown.`
  return [...ofState(facts, criteria), ...(trigger ? [] : [unknown])]
}

function ofState(facts: StreamFacts, criteria: readonly CriterionExplanation[]): string[] {
  const { stream, replay = 'the replay has ended just now' } = facts
  if (stream.isOfReplay) return [`It is held by a replay, and no other worker runs it: ${replay}.`]
  switch (stream.state) {
    case 'active':
      return stream.fireTimestamp === null ? ofWaiting(facts, criteria) : ofReady(facts, stream.fireTimestamp)
    case 'firing':
    case 'expiring':
      return [ofRunning(facts)]
    case 'retry_fire':
    case 'retry_expire':
      return [ofRetry(facts)]
    case 'error':
    case 'expire_error':
      return [ofError(facts)]
    case 'completed':
      return [ofCompleted(stream)]
  }
}

/** Sentences about a stream whose fire criteria are not all met. */
function ofWaiting(facts: StreamFacts, criteria: readonly CriterionExplanation[]): string[] {
  const { stream, trigger } = facts
  const open = criteria.filter(({ is_met }) => !is_met).length
  const verb = open === 1 ? 'is' : 'are'
  const unmet = `It has not fired: ${open} of ${criteria.length} fire criteria ${verb} not met.`
  const stale = `Its criteria have changed since its last event; they are counted again when the next one joins.`
  return [
    ...(trigger ? [open > 0 ? unmet : stale] : ['It has not fired.']),
    ...ofExpiry(facts, stream.expireTimestamp),
    ...ofClock(facts),
  ]
}

function ofExpiry({ trigger, clock: { now } }: StreamFacts, due: Micros | null): string[] {
  if (due === null) return []
  const pipeline = trigger?.expirePipeline
  const then = pipeline ? `the pipeline ${pipeline} runs then` : 'no pipeline runs then'
  const what = trigger ? `; ${then}` : ''
  if (now !== undefined && due < now) {
    return [`It has been due to expire since ${formatIso(due)}, and no worker has taken it yet${what}.`]
  }
  return [`It expires ${at(due, now)} unless further events join it${what}.`]
}

/** Sentences about a stream whose fire criteria are met. */
function ofReady(facts: StreamFacts, due: Micros): string[] {
  const { stream, trigger, clock } = facts
  if (expiresFirst(facts, due)) {
    const unfired = `Its fire criteria are met, but it expires before it would fire, at ${formatIso(due)}.`
    return [unfired, ...ofExpiry(facts, stream.expireTimestamp), ...ofClock(facts)]
  }
  const pipeline = trigger?.firePipeline
  const then = pipeline ? `the pipeline ${pipeline} runs then` : 'no pipeline runs then'
  const isDue = clock.now !== undefined && due < clock.now
  const delay = trigger?.fireDelay ? ` (fire_delay: ${trigger.fireDelay / MICROS_PER_SECOND} s)` : ''
  const when = isDue
    ? `it has been due since ${formatIso(due)}, and no worker has taken it yet: stv3 status shows the workers`
    : `it fires ${at(due, clock.now)}${delay}`
  return [`Its fire criteria are met; ${when}${trigger ? `; ${then}` : ''}.`, ...ofClock(facts)]
}

/** Whether a stream that is ready expires before it fires; workers of other clocks than `auto` fire it where both are due. */
function expiresFirst({ stream, clock: { mode, now } }: StreamFacts, due: Micros): boolean {
  if (runKindOf(stream) !== 'expire') return false
  return mode === 'auto' || now === undefined || due >= now
}

function ofRunning({ stream, claim }: StreamFacts): string {
  const kind = stream.state === 'firing' ? 'fire' : 'expire'
  const { claimedBy, leaseLeft } = claim ?? { claimedBy: null, leaseLeft: null }
  const lease =
    leaseLeft === null || leaseLeft < 0
      ? 'whose lease has run out: another worker takes it over'
      : `whose lease runs for ${formatDuration(leaseLeft)} more`
  return `Its ${kind}_pipeline is run by the worker ${claimedBy ?? '(none)'}, ${lease}.`
}

function ofRetry({ stream, claim }: StreamFacts): string {
  const wait = claim?.leaseLeft ?? null
  const next = wait === null || wait < 0 ? 'as soon as a worker is free' : `in ${formatDuration(wait)}`
  if (stream.attempts === 0) return `An operator set it going, or a worker gave it back; it runs ${next}.`
  if (stream.lastError === null) return `A worker gave it back; it runs again ${next}.`
  return `${times('run', stream.attempts)} of its pipeline failed; it runs again ${next}.`
}

function ofError({ stream: { id, attempts, state }, claim }: StreamFacts): string {
  const kind = state === 'error' ? 'fire' : 'expire'
  const how = claim?.isQuiet ? ', without sending anything, as in the replay in which it failed' : ''
  return `Its ${kind}_pipeline failed in ${times('run', attempts)} and is not run again by itself; klugman streams --id ${id} --reset runs it again${how}.`
}

const COMPLETED: { readonly [kind in RunKind]: string } = { fire: 'It fired, and', expire: 'It expired, and' }

function ofCompleted(stream: Stream): string {
  const kind = runKindOf(stream)
  const how = kind ? COMPLETED[kind] : 'It is completed:'
  return `${how} its pipeline has run${stream.lastError === null ? '' : '; a commit failed'}.`
}

/** A sentence about the event clock, where it stands behind the wall clock. */
function ofClock({ clock: { holds, wallNow } }: StreamFacts): string[] {
  const [hold] = holds
  return hold ? [`Time stands for streams: the event clock is held ${describeHold(hold, wallNow)}.`] : []
}

function at(time: Micros, now: Micros | undefined): string {
  return now === undefined
    ? `at ${formatIso(time)}`
    : `at ${formatIso(time)}, in ${formatDuration(time - now)}`
}

function times(noun: string, count: number): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
