import type { Stream, StreamState } from '../../domain/stream.ts'
import type { DistinguishingTraits } from '../../domain/trait.ts'
import type { StoreContext } from '../context.ts'
import { insertRows, type Row } from '../insert-rows.ts'
import { stateNumber } from '../rows.ts'
import type { Executor } from '../schema/schema.ts'
import { encodeDistinguishingTraits } from '../trait-codec.ts'

/** A stream that has a new state. */
export type StreamChange = {
  readonly id: number
  readonly name: string
  readonly state: StreamState
  readonly traits: DistinguishingTraits
  readonly error: string | null
}

/** Returns the change of a stream to the state that it has. */
export function changeOf({ id, name, state, distinguishingTraits, lastError }: Stream): StreamChange {
  return { id, name, state, traits: distinguishingTraits, error: lastError }
}

/**
 * Records changes of streams for those who follow them. The transaction has locked its row of `writer` before: the ids
 * of changes become visible without gaps, like those of events.
 */
export async function noteChanges(
  tx: Executor,
  { dialect }: StoreContext,
  changes: readonly StreamChange[],
): Promise<void> {
  if (changes.length === 0) return
  const at = Date.now() * 1000
  await insertRows(
    tx,
    dialect,
    'stream_change',
    changes.map(
      ({ id, name, state, traits, error }): Row => ({
        ...{ stream_id: id, name, state: stateNumber(state), at },
        ...{ traits: encodeDistinguishingTraits(traits), error },
      }),
    ),
  )
}
