import { STREAM_STATES } from '../domain/stream.ts'
import type { Sample } from '../observe/metrics.ts'
import type { Queries } from '../store/ports/queries.ts'

/** Counting streams takes a large database a while: it is asked so often at most. */
const COUNTED_EVERY_MS = 15_000

/** How many streams were in each state when they were counted last; nobody waits for the next count but the first. */
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
      // The readiness of the process tells it.
    }
    counting = undefined
    return samples ?? []
  }

  return async () => {
    if (!counting && performance.now() - countedAt >= COUNTED_EVERY_MS) counting = count()
    return samples ?? counting ?? []
  }
}
