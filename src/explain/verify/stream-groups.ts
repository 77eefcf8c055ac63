import type { Event } from '../../domain/event.ts'
import type { StreamKey } from '../../domain/routing.ts'
import type { TriggerRouter } from '../../streams/router.ts'

/** A stream key and all events with this key, as if all had arrived before the stream fired. */
export type StreamGroup = { readonly key: StreamKey; readonly events: Event[] }

/** Groups events by the streams that they belong to. A repeated message_id is dropped. */
export class StreamGroups {
  readonly #router: TriggerRouter
  readonly #groups = new Map<string, StreamGroup>()
  readonly #seen = new Set<string>()

  constructor(router: TriggerRouter) {
    this.#router = router
  }

  add(event: Event): void {
    if (this.#seen.has(event.messageId)) return
    this.#seen.add(event.messageId)
    for (const key of this.#router.keysOf(event)) {
      const group = this.#groups.get(key.hash) ?? { key, events: [] }
      group.events.push(event)
      this.#groups.set(key.hash, group)
    }
  }

  /** Returns the groups in the order of their first events. The events of each are in order of time. */
  sorted(): StreamGroup[] {
    const groups = [...this.#groups.values()]
    for (const { events } of groups) events.sort((a, b) => a.timestamp - b.timestamp)
    return groups.sort((a, b) => timeOfFirst(a) - timeOfFirst(b))
  }
}

function timeOfFirst({ events }: StreamGroup): number {
  return events[0]?.timestamp ?? 0
}
