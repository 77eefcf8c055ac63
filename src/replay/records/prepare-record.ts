import type { Delivery } from '../../broker/broker.ts'
import { createManualClock, type IntakeClock } from '../../clock/event-clock.ts'
import { type PrepareContext, prepare } from '../../consumer/prepare.ts'
import type { Prepared } from '../../consumer/prepared.ts'
import type { Distiller } from '../../distiller/distiller.ts'
import type { Micros } from '../../domain/time.ts'
import type { RawRecord, TimedRecord } from './record.ts'
import { hasWantedTime, isWanted, isWantedUnmade, type Wanted } from './wanted.ts'

export type PrepareRecordOptions = Pick<
  PrepareContext,
  'distiller' | 'router' | 'maxMessageBytes' | 'encode'
> & {
  readonly wanted: Wanted
  /** the time of records that have none, and come before all others; undefined: now */
  readonly firstTime?: Micros | undefined
  readonly wallNow: () => Micros
  /** called with each record that is left out, and why */
  readonly onLeftOut: (why: 'unwanted' | 'undefined') => void
}

/** Makes a record ready to be stored. Returns undefined for one that is not wanted, or has no definition. */
export type PrepareRecord = (raw: RawRecord) => TimedRecord | undefined

/** The queue of dead letters whose files do not know one. */
const NO_QUEUE = 'replay'

/**
 * Creates a function that prepares the records of one file as a consumer prepares messages. An event joins its streams
 * at its own time; a notification without a time has that of the moment at which it was received, or of the record
 * before it.
 */
export function createPrepareRecord(options: PrepareRecordOptions): PrepareRecord {
  const { wanted, wallNow, onLeftOut, distiller: every } = options
  let time: Micros | undefined = options.firstTime
  let isUnwanted = false
  let receivedAt: Micros | undefined
  const clock: IntakeClock = {
    ...createManualClock(0),
    timeOf: () => receivedAt ?? time ?? wallNow(),
    // A time from ahead of the wall clock counts as now.
    arrive: (_queue, timestamp) => Math.min(timestamp, wallNow()),
  }
  const distiller: Distiller = {
    ...every,
    distil(notification, at) {
      const distilled = every.distil(notification, at)
      isUnwanted =
        distilled.kind === 'event' &&
        !(hasWantedTime(notification, wanted) && isWanted(distilled.event, wanted))
      return isUnwanted ? { kind: 'dropped' } : distilled
    },
  }
  const { acceptsType = () => true } = wanted
  const plan = { hasArchive: true, archives: () => false, stores: acceptsType, keepsMessages: false }
  const context: PrepareContext = { ...options, distiller, clock, plan }

  return (raw) => {
    isUnwanted = false
    receivedAt = raw.receivedAt
    const prepared = prepare(deliveryOf(raw), context)
    const { outcome } = prepared
    if (outcome.kind === 'event') time = outcome.arrival.at
    else if (outcome.kind !== 'refused' || !isWantedUnmade(prepared.delivery.body, wanted)) {
      onLeftOut(outcome.kind === 'undefined' && !isUnwanted ? 'undefined' : 'unwanted')
      return undefined
    }
    const { body } = prepared.delivery
    return {
      time: time ?? clock.timeOf(''),
      begin: raw.begin,
      prepared: keeping(prepared),
      bytes: body.length,
      place: raw.place,
    }
  }
}

function deliveryOf({ payload, queue = NO_QUEUE }: RawRecord): Delivery {
  return { queue, body: payload, exchange: '', routingKey: queue, properties: {}, redelivered: false }
}

/** Returns the same with a body of its own: a view would keep the whole piece of the file in memory. */
function keeping(prepared: Prepared): Prepared {
  const { delivery, outcome } = prepared
  const own = { ...prepared, record: undefined, delivery: { ...delivery, body: Buffer.from(delivery.body) } }
  if (outcome.kind !== 'refused') return own
  const { deadLetter } = outcome
  return {
    ...own,
    outcome: { ...outcome, deadLetter: { ...deadLetter, body: Buffer.from(deadLetter.body) } },
  }
}
