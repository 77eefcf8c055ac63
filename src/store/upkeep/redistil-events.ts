import { sql } from 'kysely'
import type { Event } from '../../domain/event.ts'
import { hash128 } from '../../domain/hash.ts'
import type { IdSet } from '../../domain/id-set.ts'
import { canonicalTrait, type Trait, type Traits } from '../../domain/trait.ts'
import { wellFormed } from '../../text/well-formed.ts'
import type { StoreContext } from '../context.ts'
import { upsertRows } from '../insert-rows.ts'
import { encodeEvent } from '../intake/encode-event.ts'
import type { Redistilled } from '../ports/redistil.ts'
import { bytesHex, hashIn, idIn } from '../rows.ts'
import { bucketOf, type Executor } from '../schema/schema.ts'
import { decodeFarEvent, traitHash } from '../trait-codec.ts'
import { noteUnindexed } from './indexed-traits.ts'

type StoredRow = {
  readonly id: number
  readonly message_hash: Buffer
  readonly message_id: string
  readonly generated: number
  readonly event_type_id: number
  readonly traits: string
}

/** Stored events whose traits are to change, by id. */
export type Changes = {
  readonly outcome: Redistilled
  readonly events: ReadonlyMap<number, Event>
  /** ids of the events that were found */
  readonly found: readonly number[]
}

type Counts = { [name: string]: number }

/** Finds the events that are stored with other traits. Those that are done already are passed over. */
export async function findChanges(
  db: Executor,
  events: readonly Event[],
  done: Pick<IdSet, 'has'>,
): Promise<Changes> {
  const byHash = new Map<string, Event>()
  for (const event of events) {
    const hash = hash128(wellFormed(event.messageId))
    if (!byHash.has(hash)) byHash.set(hash, event)
  }
  const rows = byHash.size === 0 ? [] : await storedRows(db, [...byHash.keys()])
  const counts = { added: {}, retyped: {}, revalued: {}, removed: {} }
  const changed = new Map<number, Event>()
  const found: number[] = []
  for (const row of rows) {
    const hash = bytesHex(row.message_hash)
    const event = byHash.get(hash) as Event
    byHash.delete(hash)
    if (done.has(row.id)) continue
    found.push(row.id)
    if (countChanges(decodeFarEvent(row.traits).traits, event.traits, counts)) changed.set(row.id, event)
  }
  const missing = [...byHash.values()].map(({ messageId }) => messageId)
  return {
    outcome: { found: found.length, changed: changed.size, missing, ...counts },
    events: changed,
    found,
  }
}

/** Writes new traits of stored events, and their rows in the inverted index. */
export async function writeChanges(
  tx: Executor,
  context: StoreContext,
  events: ReadonlyMap<number, Event>,
): Promise<void> {
  const { dialect } = context
  const rows = await lockedRows(tx, context, [...events.keys()])
  if (rows.length === 0) return
  const encoded = rows.map((row) => {
    const { traits, timestampRest } = decodeFarEvent(row.traits)
    const event = { ...(events.get(row.id) as Event), messageId: row.message_id, timestampRest }
    return { row, before: traits, event: encodeEvent(event, context) }
  })
  await upsertRows(
    tx,
    dialect,
    'event',
    encoded.map(({ row, event }) => ({
      id: row.id,
      message_hash: dialect.bytes(bytesHex(row.message_hash)),
      message_id: event.messageId,
      generated: row.generated,
      event_type_id: row.event_type_id,
      traits: event.traits,
    })),
    ['id'],
    ['traits'],
  )
  for (const { row, before } of encoded) await deleteIndexRows(tx, context, row.id, before)
  const indexRows = encoded.flatMap(({ row, event }) =>
    event.traitHashes.map((hash) => ({ bucket: bucketOf(row.id), hash, event_id: row.id })),
  )
  await upsertRows(tx, dialect, 'event_trait', indexRows, ['bucket', 'hash', 'event_id'], [])
  if (context.hasUnindexed) await noteUnindexed(tx, context, Math.max(...rows.map(({ id }) => id)))
}

function storedRows(db: Executor, hashes: readonly string[]): Promise<StoredRow[]> {
  return db.selectFrom('event').selectAll().where(hashIn('message_hash', hashes)).execute()
}

/** Reads events and locks them, in order of their ids as all transactions do. Those trimmed meanwhile are missing. */
function lockedRows(tx: Executor, { dialect }: StoreContext, ids: readonly number[]): Promise<StoredRow[]> {
  return tx
    .selectFrom('event')
    .selectAll()
    .where(idIn('id', ids))
    .orderBy('id')
    .modifyEnd(sql.raw(dialect.forUpdate))
    .execute()
}

async function deleteIndexRows(
  tx: Executor,
  { indexedTraits }: StoreContext,
  id: number,
  traits: Traits,
): Promise<void> {
  const hashes = Object.entries(traits)
    .filter(([name]) => indexedTraits.has(name))
    .map(([name, trait]) => traitHash(name, trait))
  if (hashes.length === 0) return
  await tx
    .deleteFrom('event_trait')
    .where('bucket', '=', bucketOf(id))
    .where(hashIn('hash', hashes))
    .where('event_id', '=', id)
    .execute()
}

/** Counts the differences of traits by name. Returns whether there are any. */
function countChanges(
  before: Traits,
  after: Traits,
  counts: Record<'added' | 'retyped' | 'revalued' | 'removed', Counts>,
): boolean {
  let isChanged = false
  const count = (kind: keyof typeof counts, name: string) => {
    counts[kind][name] = (counts[kind][name] ?? 0) + 1
    isChanged = true
  }
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [was, is] = [presentTrait(before, name), presentTrait(after, name)]
    if (!was && is) count('added', name)
    else if (was && !is) count('removed', name)
    else if (was && is && was.type !== is.type) count('retyped', name)
    else if (was && is && canonicalTrait(was) !== canonicalTrait(is)) count('revalued', name)
  }
  return isChanged
}

/** Returns a trait; undefined for one that is absent or none, which is not stored. */
function presentTrait(traits: Traits, name: string): Trait | undefined {
  const trait = Object.hasOwn(traits, name) ? traits[name] : undefined
  return trait?.type === 'none' ? undefined : trait
}
