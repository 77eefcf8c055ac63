import type { Event } from '../../domain/event.ts'
import type { Micros } from '../../domain/time.ts'
import { holdsTraits, type TraitCondition } from '../../domain/trait-condition.ts'

/** Which notifications are replayed. */
export type Wanted = {
  /** events of this time and later */
  readonly from?: Micros | undefined
  /** events before this time */
  readonly to?: Micros | undefined
  readonly acceptsType?: ((eventType: string) => boolean) | undefined
  /** conditions on traits, all of which must hold */
  readonly traits?: readonly TraitCondition[] | undefined
}

/** Whether an event has a time and traits that are wanted. */
export function isWanted({ timestamp, traits }: Event, wanted: Wanted): boolean {
  const { from = -Infinity, to = Infinity } = wanted
  return timestamp >= from && timestamp < to && holdsTraits(traits, wanted.traits ?? [])
}

/** Whether only notifications of certain traits or types are wanted, which what cannot be read does not have. */
export function isNarrowed({ traits = [], acceptsType }: Wanted): boolean {
  return traits.length > 0 || acceptsType !== undefined
}
