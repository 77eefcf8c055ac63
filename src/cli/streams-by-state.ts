import { STREAM_STATES } from '../domain/stream.ts'
import type { Sample } from '../runtime/metrics.ts'
import type { Store } from '../store/store.ts'

/** Counting streams takes a large database a while: it is asked so often at most. */
const COUNTED_EVERY_MS = 15_000

/** How many streams are in each state; while the database is away, what it said last. */
export function streamsByState(store: Store): () => Promise<readonly Sample[]> {
  let samples: readonly Sample[] = []
  let countedAt = -Infinity
  return async () => {
    if (performance.now() - countedAt < COUNTED_EVERY_MS) return samples
    countedAt = performance.now()
    try {
      samples = await Promise.all(
        STREAM_STATES.map(async (state) => {
          const value = await store.countStreams({ state }, { limit: 1, mark: undefined, ascending: true })
          return { labels: { state }, value }
        }),
      )
    } catch {
      // The readiness of the process tells it.
    }
    return samples
  }
}
