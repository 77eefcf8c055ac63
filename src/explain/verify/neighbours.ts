import type { Event } from '../../domain/event.ts'
import { canonicalTraits, type DistinguishingTrait } from '../../domain/trait.ts'
import type { StreamGroup } from './stream-groups.ts'

/** The streams of the same trigger and thing, by the order of their times. */
export class Neighbours {
  readonly #byThing: ReadonlyMap<string, readonly StreamGroup[]>

  constructor(groups: readonly StreamGroup[]) {
    this.#byThing = Map.groupBy(groups, thingOf)
  }

  /** The events of the streams just before and after. */
  of(group: StreamGroup): readonly Event[] {
    const all = this.#byThing.get(thingOf(group)) ?? []
    const at = all.indexOf(group)
    return [all[at - 1], all[at + 1]].flatMap((other) => other?.events ?? [])
  }
}

/** What a stream is about, whatever its time. */
function thingOf({ key }: StreamGroup): string {
  const lasting = Object.entries(key.traits).filter(
    (entry): entry is [string, DistinguishingTrait] => entry[1].type !== 'timerange',
  )
  return `${key.name} ${canonicalTraits(Object.fromEntries(lasting))}`
}
