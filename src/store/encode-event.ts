import type { Event } from '../domain/event.ts'
import { hash128 } from '../domain/hash.ts'
import type { EncodedEvent } from '../domain/routing.ts'
import { encodeTraits, traitHash } from './trait-codec.ts'

/** What the rows of an event hold beside its id. */
export function encodeEvent({ messageId, traits }: Event, indexedTraits: ReadonlySet<string>): EncodedEvent {
  const traitHashes: Buffer[] = []
  for (const name of indexedTraits) {
    const trait = Object.hasOwn(traits, name) ? traits[name] : undefined
    if (trait && trait.type !== 'none') traitHashes.push(traitHash(name, trait))
  }
  return { messageHash: hash128(messageId), traits: encodeTraits(traits), traitHashes }
}
