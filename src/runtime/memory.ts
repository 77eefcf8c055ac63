import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
type Collection = { readonly type: 'minor' } | { readonly type: 'major'; readonly flavor: 'last-resort' }
const collect = runInNewContext('gc') as (options?: Collection) => void

/**
 * Collects garbage now: all of it, or what was made lately (`minor`). For moments at which many megabytes have
 * just become garbage; the engine would let more pile up than a consumer may use.
 */
export function collectGarbage(type?: 'minor'): void {
  if (type) collect({ type })
  else collect()
}

/**
 * Limits the growth of the heap to so many percent of its live objects before old garbage is collected. V8 would let it
 * grow to more than three times as much and run a tenth faster, but a consumer of full queues would hold 320 MB instead
 * of 240 MB.
 */
export function keepHeapSmall(growthPercent = 130): void {
  setFlagsFromString(`--heap-growing-percent=${growthPercent}`)
}

/**
 * Keeps the part of the heap for new objects from growing any more. For a process of many small steps: one that holds
 * hundreds of objects for a while would copy them again and again.
 */
export function keepYoungHeapSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
}

/**
 * Collects all garbage and gives free memory back to the system. Takes some tens of milliseconds: to be called
 * once all is loaded, which gives some 20 MB back, and before very large values.
 */
export function releaseMemory(): void {
  collect({ type: 'major', flavor: 'last-resort' })
}

/** Shortest time between two releases, ms. */
const RELEASE_EVERY_MS = 1000
/** A release of a large heap takes 150 ms, and what runs after it is slower for a while: this many times as long is work. */
const WORK_PER_RELEASE = 20

/**
 * Creates a function that releases memory when the process holds more than `megabytes`, and does nothing otherwise. For
 * long work in small steps, to be called after each: what is free but not given back piles up over minutes.
 */
export function createMemoryRelief(megabytes: number): () => void {
  let nextAt = 0
  return () => {
    if (process.memoryUsage.rss() <= megabytes * 2 ** 20) return
    const begun = performance.now()
    if (begun < nextAt) return
    releaseMemory()
    const ended = performance.now()
    nextAt = ended + Math.max(RELEASE_EVERY_MS, (ended - begun) * WORK_PER_RELEASE)
  }
}
