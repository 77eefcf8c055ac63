import type { Envelope } from '../../domain/event.ts'
import type { FinishedRun, StreamRuns } from '../../store/ports/stream-runs.ts'

/** An event that a pipeline made. */
export type MadeEvent = Envelope & { readonly streamId: number }

/** Notes the events that pipelines make, in the order of their runs. */
export class MadeEvents {
  readonly #made = new Map<string, MadeEvent>()

  /** Returns the same store, of which finished runs are noted. */
  watch<S extends Pick<StreamRuns, 'finishRuns'>>(store: S): S {
    return {
      ...store,
      finishRuns: async (runs, router) => {
        const finished = await store.finishRuns(runs, router)
        for (const run of runs) if (finished.has(run.claim.stream.id)) this.#note(run)
        return finished
      },
    }
  }

  get types(): ReadonlySet<string> {
    return new Set([...this.#made.values()].map(({ eventType }) => eventType))
  }

  /** Returns the events by the ids of the streams whose pipelines made them. */
  byStream(): ReadonlyMap<number, readonly MadeEvent[]> {
    return Map.groupBy(this.#made.values(), ({ streamId }) => streamId)
  }

  /** Returns all events in order of time, type and message id. */
  sorted(): MadeEvent[] {
    const keyOf = ({ eventType, messageId }: MadeEvent) => `${eventType} ${messageId}`
    return [...this.#made.values()].sort(
      (a, b) => a.timestamp - b.timestamp || (keyOf(a) < keyOf(b) ? -1 : 1),
    )
  }

  #note({ claim, newEvents }: FinishedRun): void {
    for (const { event } of newEvents) {
      const { messageId, eventType, timestamp } = event
      if (!this.#made.has(messageId))
        this.#made.set(messageId, { messageId, eventType, timestamp, streamId: claim.stream.id })
    }
  }
}
