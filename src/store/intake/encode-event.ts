import type { Event } from '../../domain/event.ts'
import { hash128 } from '../../domain/hash.ts'
import type { EncodedEvent } from '../../domain/routing.ts'
import { wellFormed } from '../../text/well-formed.ts'
import type { SqlDialect, SqlValue } from '../dialect.ts'
import { encodeTraits, traitHash } from '../trait-codec.ts'

/** The rows of an event, but for its id and that of its type: values as statements take them. */
export type EncodedRow = EncodedEvent & {
  /** 128 bits of the message_id as 32 hex digits */
  readonly messageHash: string
  readonly messageId: SqlValue
  readonly traits: SqlValue
  /** of the traits by which events are looked up */
  readonly traitHashes: readonly SqlValue[]
  /** it was not stored when that was looked up ahead, or nothing spoke for looking it up */
  seemsNew?: boolean
}

/** Makes the rows of an event for statements of this dialect. */
export function encodeEvent(
  { messageId, traits }: Event,
  { dialect, indexedTraits }: { readonly dialect: SqlDialect; readonly indexedTraits: ReadonlySet<string> },
): EncodedRow {
  const traitHashes: SqlValue[] = []
  for (const name of indexedTraits) {
    const trait = Object.hasOwn(traits, name) ? traits[name] : undefined
    if (trait && trait.type !== 'none') traitHashes.push(dialect.bytes(traitHash(name, trait)))
  }
  // What is looked up, exported and imported is the text that is kept.
  const id = wellFormed(messageId)
  return {
    kind: 'encoded-event',
    messageHash: hash128(id),
    messageId: dialect.ready(id),
    traits: dialect.ready(encodeTraits(traits)),
    traitHashes,
  }
}
