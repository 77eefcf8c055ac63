import { STREAM_STATES } from '../domain/stream.ts'
import type { Sample } from '../observe/metrics.ts'
import type { Queries } from '../store/ports/queries.ts'

/** Shortest time between two counts, ms, since counting the streams of a large database takes long. */
const COUNTED_EVERY_MS = 15_000

/**
 * Creates a function that returns the number of streams by state, as last counted. Only the first call waits
 * for a count; later ones start it in the background.
 */
export function streamsByState(store: Pick<Queries, 'countStreams'>): () => Promise<readonly Sample[]> {
  let counting: Promise<readonly Sample[]> | undefined
  let samples: readonly Sample[] | undefined
  let countedAt = -Infinity

  async function count(): Promise<readonly Sample[]> {
    countedAt = performance.now()
    const counted: Sample[] = []
    try {
      for (const state of STREAM_STATES) {
        const value = await store.countStreams({ state }, { limit: 1, mark: undefined, ascending: true })
        counted.push({ labels: { state }, value })
      }
      samples = counted
    } catch {
      // The readiness of the process reports a database that is away.
    }
    counting = undefined
    return samples ?? []
  }

  return async () => {
    if (!counting && performance.now() - countedAt >= COUNTED_EVERY_MS) counting = count()
    return samples ?? counting ?? []
  }
}
