import type { Micros } from '../../domain/time.ts'

type Entry<T> = { readonly at: Micros; readonly order: number; readonly item: T }

/**
 * A priority queue of items in order of time; items of the same time keep the order in which they were added.
 * A binary heap.
 */
export class Agenda<T> {
  readonly #heap: Entry<T>[] = []
  #added = 0

  add(at: Micros, item: T): void {
    const heap = this.#heap
    heap.push({ at, order: this.#added++, item })
    for (let child = heap.length - 1; child > 0; ) {
      const parent = (child - 1) >> 1
      if (!this.#isBefore(child, parent)) break
      this.#swap(child, parent)
      child = parent
    }
  }

  /** Removes and returns the earliest item; undefined when there is none. */
  next(): { readonly at: Micros; readonly item: T } | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (!first || !last || heap.length === 0) return first
    heap[0] = last
    for (let parent = 0; ; ) {
      let least = parent
      for (const child of [2 * parent + 1, 2 * parent + 2]) {
        if (child < heap.length && this.#isBefore(child, least)) least = child
      }
      if (least === parent) return first
      this.#swap(parent, least)
      parent = least
    }
  }

  /** Removes and returns the earliest item unless it is later than `until`. */
  takeUntil(until: Micros): { readonly at: Micros; readonly item: T } | undefined {
    const first = this.#heap[0]
    return first && first.at <= until ? this.next() : undefined
  }

  #isBefore(a: number, b: number): boolean {
    const [x, y] = [this.#heap[a] as Entry<T>, this.#heap[b] as Entry<T>]
    return x.at < y.at || (x.at === y.at && x.order < y.order)
  }

  #swap(a: number, b: number): void {
    const heap = this.#heap
    const entry = heap[a] as Entry<T>
    heap[a] = heap[b] as Entry<T>
    heap[b] = entry
  }
}
