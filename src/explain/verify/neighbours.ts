import type { Event } from '../../domain/event.ts'
import { canonicalTraits, type DistinguishingTrait } from '../../domain/trait.ts'
import type { StreamGroup } from './stream-groups.ts'

/** Streams grouped by trigger and resource, each group in order of time. */
export class Neighbours {
  readonly #byThing: ReadonlyMap<string, readonly StreamGroup[]>

  constructor(groups: readonly StreamGroup[]) {
    this.#byThing = Map.groupBy(groups, thingOf)
  }

  /** Returns the events of the streams just before and just after this one. */
  of(group: StreamGroup): readonly Event[] {
    const all = this.#byThing.get(thingOf(group)) ?? []
    const at = all.indexOf(group)
    return [all[at - 1], all[at + 1]].flatMap((other) => other?.events ?? [])
  }
}

/** Returns the trigger and the distinguishing traits of a stream without its time range. */
function thingOf({ key }: StreamGroup): string {
  const lasting = Object.entries(key.traits).filter(
    (entry): entry is [string, DistinguishingTrait] => entry[1].type !== 'timerange',
  )
  return `${key.name} ${canonicalTraits(Object.fromEntries(lasting))}`
}
