import type { Event } from '../../domain/event.ts'
import { hash128 } from '../../domain/hash.ts'
import type { EncodedEvent } from '../../domain/routing.ts'
import { wellFormed } from '../../text/well-formed.ts'
import type { SqlDialect, SqlValue } from '../dialect.ts'
import { encodeTraits, traitHash } from '../trait-codec.ts'

/** The rows of an event as values for statements, without its id and the id of its type. */
export type EncodedRow = EncodedEvent & {
  /** 128 bits of the message_id as 32 hex digits */
  readonly messageHash: string
  readonly messageId: SqlValue
  readonly traits: SqlValue
  /** hashes of the indexed traits */
  readonly traitHashes: readonly SqlValue[]
  /** whether the event was not stored at the warm-up, or was not looked up for want of a reason */
  seemsNew?: boolean
}

/** Encodes the rows of an event for statements of this dialect. */
export function encodeEvent(
  { messageId, traits, timestampRest }: Event,
  { dialect, indexedTraits }: { readonly dialect: SqlDialect; readonly indexedTraits: ReadonlySet<string> },
): EncodedRow {
  const traitHashes: SqlValue[] = []
  for (const name of indexedTraits) {
    const trait = Object.hasOwn(traits, name) ? traits[name] : undefined
    if (trait && trait.type !== 'none') traitHashes.push(dialect.bytes(traitHash(name, trait)))
  }
  // Look-ups, exports and imports use the text as it is stored.
  const id = wellFormed(messageId)
  return {
    kind: 'encoded-event',
    messageHash: hash128(id),
    messageId: dialect.ready(id),
    traits: dialect.ready(encodeTraits(traits, timestampRest)),
    traitHashes,
  }
}
