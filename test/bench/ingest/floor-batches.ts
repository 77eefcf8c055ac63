import { indexedTraits } from '../../../src/assembly/open-store.ts'
import { decodeNotification } from '../../../src/distiller/decode-notification.ts'
import { hash128 } from '../../../src/domain/hash.ts'
import type { Stream } from '../../../src/domain/stream.ts'
import { encodeDistinguishingTraits, encodeTraits, traitHash } from '../../../src/store/trait-codec.ts'
import { openShipped } from '../../support/shipped.ts'

/** What the floor writes for one batch of messages, ready for its statements; streams go by a number of ours. */
export type FloorBatch = {
  /** message_hash, message_id, generated, event type, traits */
  readonly events: readonly (readonly [Buffer, string, number, string, string])[]
  readonly eventTraits: readonly { readonly event: number; readonly hash: Buffer }[]
  readonly keyHashes: readonly Buffer[]
  /** streams that are there and take events now */
  readonly open: readonly number[]
  readonly created: readonly FloorStream[]
  readonly changed: readonly FloorStream[]
}

export type FloorStream = {
  readonly number: number
  readonly keyHash: Buffer
  /** the columns from name to progress */
  readonly columns: readonly (string | number | Buffer | null)[]
  readonly traitHashes: readonly Buffer[]
  readonly joined: readonly number[]
}

/** Lets the engine decide beforehand what the floor only has to write. */
export async function prepareFloor(bodies: readonly Buffer[], batchSize: number): Promise<FloorBatch[]> {
  const { config, distiller, router, store } = await openShipped()
  await store.close()
  const indexed = indexedTraits(config.triggers, config.winchester.indexed_traits)
  const open = new Map<string, Stream>()
  const batches: FloorBatch[] = []
  let streams = 0
  for (let from = 0; from < bodies.length; from += batchSize) {
    const arrivals = bodies.slice(from, from + batchSize).map((body) => {
      const decoded = decodeNotification(body)
      const distilled = decoded.ok ? distiller.distil(decoded.notification, 0) : undefined
      if (distilled?.kind !== 'event') throw new Error('every message of the bench must become an event')
      const { event } = distilled
      return { event, at: event.timestamp, keys: router.keysOf(event) }
    })
    const hashes = [...new Set(arrivals.flatMap(({ keys }) => keys.map(({ hash }) => hash)))].sort()
    const known = hashes.flatMap((hash) => open.get(hash)?.id ?? [])
    const drafts = router.route(arrivals, open, new Map(), 0).map((draft) => {
      const number = draft.id ?? ++streams
      open.set(draft.key.hash, { ...draft, id: number, stateSerialNo: 0, attempts: 0, lastError: null })
      return { isNew: draft.id === undefined, stream: floorStream(number, draft) }
    })
    batches.push({
      events: arrivals.map(({ event }) => [
        Buffer.from(hash128(event.messageId), 'hex'),
        event.messageId,
        event.timestamp,
        event.eventType,
        encodeTraits(event.traits),
      ]),
      eventTraits: arrivals.flatMap(({ event }, index) =>
        Object.entries(event.traits)
          .filter(([name]) => indexed.has(name))
          .map(([name, trait]) => ({ event: index, hash: Buffer.from(traitHash(name, trait), 'hex') })),
      ),
      keyHashes: hashes.map((hash) => Buffer.from(hash, 'hex')),
      open: known,
      created: drafts.filter(({ isNew }) => isNew).map(({ stream }) => stream),
      changed: drafts.filter(({ isNew }) => !isNew).map(({ stream }) => stream),
    })
  }
  return batches
}

type Draft = ReturnType<Awaited<ReturnType<typeof openShipped>>['router']['route']>[number]

function floorStream(number: number, draft: Draft): FloorStream {
  const keyHash = Buffer.from(draft.key.hash, 'hex')
  return {
    number,
    keyHash,
    columns: [
      draft.name,
      keyHash,
      1,
      0,
      draft.eventCount,
      draft.generation,
      draft.firstEvent,
      draft.lastEvent,
      draft.expireTimestamp,
      draft.fireTimestamp,
      encodeDistinguishingTraits(draft.distinguishingTraits),
      JSON.stringify(draft.progress),
      0,
    ],
    traitHashes: Object.entries(draft.distinguishingTraits).map(([name, trait]) =>
      Buffer.from(traitHash(name, trait), 'hex'),
    ),
    joined: [...draft.joined],
  }
}
