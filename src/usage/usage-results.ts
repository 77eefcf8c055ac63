import type { Event } from '../domain/event.ts'
import type { Micros } from '../domain/time.ts'
import type { Trait, Traits } from '../domain/trait.ts'
import { uuid5 } from '../domain/uuid5.ts'
import { timeOf } from './traits.ts'
import type { ExistsVerdict, PeriodsVerdict, RemainderVerdict, UsageFault, UsageVerdict } from './verdict.ts'

const PUBLISHER = 'stv3'
/** Traits that may hold the id of what an event is about. */
const RESOURCE_IDS = ['instance_id', 'volume_id', 'snapshot_id']
/** `instance_id` of a warning about an event without any id. */
const NO_ID = 'n/a'
const NONE: Trait = { type: 'none', value: null }

const text = (value: string): Trait => ({ type: 'text', value })
const int = (value: number): Trait => ({ type: 'int', value })

/**
 * Returns the result events of a verification, in the order exists, remainders, periods. Their message ids
 * are the same in each run. A result about an event without a timestamp gets `now`.
 *
 * @example
 * const results = usageResults(verdict, { streamId: 7, now })
 * results.map(({ eventType }) => eventType) // ['compute.instance.exists.verified']
 */
export function usageResults(
  { exists, remainders, periods }: UsageVerdict,
  { streamId, now }: { streamId: number; now: Micros },
): Event[] {
  const results = [
    ...exists.flatMap((one) => existsResults(one, streamId)),
    ...remainders.map((remainder) => remainderResult(remainder, streamId)),
    ...(periods ? [periodsResult(periods, streamId)] : []),
  ]
  return results.map((event) => (Number.isNaN(event.timestamp) ? { ...event, timestamp: now } : event))
}

function existsResults(verdict: ExistsVerdict, streamId: number): Event[] {
  const { exists, warnings } = verdict
  const result = existsResult(verdict, streamId)
  if (warnings.length === 0) return [result]
  const traits = { publisher_id: text(PUBLISHER), warnings: text(warnings.join(', ')) }
  const ids = Object.keys(pick(exists, RESOURCE_IDS)).length > 0 ? {} : { instance_id: text(NO_ID) }
  return [noteOn(exists, `${exists.eventType}.warnings`, streamId, { ...ids, ...traits }), result]
}

function existsResult({ exists, fault, notes, repeats }: ExistsVerdict, streamId: number): Event {
  const eventType = `${exists.eventType}.${fault ? 'failed' : 'verified'}`
  return {
    messageId: uuid5(exists.messageId, eventType),
    eventType,
    timestamp: exists.timestamp,
    traits: {
      bandwidth_in: int(0),
      bandwidth_out: int(0),
      rax_options: text('0'),
      ...exists.traits,
      original_message_id: text(exists.messageId),
      publisher_id: text(PUBLISHER),
      stream_id: int(streamId),
      ...outcome(fault),
      ...(repeats === undefined ? {} : { repeats: text(repeats) }),
      ...(notes.length === 0 ? {} : { notes: text(notes.join('; ')) }),
    },
  }
}

function outcome(fault: UsageFault | undefined): Traits {
  return { error: text(fault?.message ?? 'None'), error_code: fault ? text(fault.code) : NONE }
}

function remainderResult(remainder: RemainderVerdict, streamId: number): Event {
  const { first, existsType } = remainder
  if (remainder.kind === 'fault') {
    return noteOn(first, `${existsType}.failed`, streamId, {
      error: text(remainder.fault.message),
      error_code: text(remainder.fault.code),
    })
  }
  const unbilled = existsType.replace(/exists$/, 'unbilled')
  return noteOn(first, unbilled, streamId, {
    ...pick(first, ['tenant_id']),
    publisher_id: text(PUBLISHER),
    reason: text(remainder.reason),
  })
}

/** Makes one result for all audit periods of the stream, with the timestamp of the last exists. */
function periodsResult(
  { exists, faults: found, missedAtEnd, notes }: PeriodsVerdict,
  streamId: number,
): Event {
  const faults = [...found, ...missedAtEnd]
  const last = exists.at(-1) as Event
  const begins = exists.map((one) => timeOf(one, 'audit_period_beginning') ?? 0)
  const ends = exists.map((one) => timeOf(one, 'audit_period_ending') ?? 0)
  const fault = faults[0] && { code: faults[0].code, message: faults.map(({ message }) => message).join(' ') }
  return noteOn(last, `${last.eventType}.day.${fault ? 'failed' : 'verified'}`, streamId, {
    ...pick(last, ['tenant_id', 'display_name']),
    publisher_id: text(PUBLISHER),
    audit_period_beginning: { type: 'datetime', value: Math.min(...begins) },
    audit_period_ending: { type: 'datetime', value: Math.max(...ends) },
    periods: int(exists.length),
    ...outcome(fault),
    ...(notes.length === 0 ? {} : { notes: text(notes.join('; ')) }),
  })
}

/** Makes an event about another one, with the other's timestamp and resource id. */
function noteOn(event: Event, eventType: string, streamId: number, traits: Traits): Event {
  return {
    messageId: uuid5(event.messageId, `${eventType}:${streamId}`),
    eventType,
    timestamp: event.timestamp,
    traits: {
      ...pick(event, RESOURCE_IDS),
      stream_id: int(streamId),
      ...traits,
    },
  }
}

function pick({ traits }: Event, names: readonly string[]): Traits {
  return Object.fromEntries(
    names.flatMap((name) => (Object.hasOwn(traits, name) ? [[name, traits[name] as Trait]] : [])),
  )
}
