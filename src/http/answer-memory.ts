import { once } from 'node:events'
import type { ServerResponse } from 'node:http'

/** Most bytes of traits that all answers together hold at a time. */
const MOST_BYTES = 32 * 1024 * 1024
/** While memory is short: longest time in ms that a client may take for one part of its answer. */
const GRACE_MS = 5000
/** While memory is short: a client has GRACE_MS for its answer, and more as it takes bytes at this rate. */
const LEAST_BYTES_PER_MS = 64
const LOOK_MS = 250

/** The memory that one answer holds; it is freed when the answer ends, however it ends. */
export type Held = {
  /** Holds `bytes` instead of those before; an increase waits its turn. Rejects after the answer's end. */
  hold(bytes: number): Promise<void>
  /** Writes a part and waits until the client has taken enough of it. Returns false when it has gone. */
  write(part: Buffer): Promise<boolean>
}

export type AnswerMemory = { of(response: ServerResponse): Held }

type Holder = {
  readonly response: ServerResponse
  bytes: number
  /** bytes that the client has taken */
  taken: number
  /** time spent waiting for the client, ms, without the wait that began at `since` */
  waited: number
  since: number | undefined
}

type Waiting = { readonly holder: Holder; readonly bytes: number; readonly admit: () => void }

/**
 * Bounds the memory of answers that are read from the database and not yet taken by clients. When it is
 * short, clients that take their answers too slowly are cut off.
 */
export function createAnswerMemory(mostBytes = MOST_BYTES, graceMs = GRACE_MS): AnswerMemory {
  const holders = new Set<Holder>()
  const queue: Waiting[] = []
  let total = 0
  let timer: NodeJS.Timeout | undefined

  function change(holder: Holder, bytes: number): void {
    total += bytes - holder.bytes
    holder.bytes = bytes
  }

  /** Admits waiting answers in their order; one that wants more than all memory is admitted alone. */
  function admitNext(): void {
    for (let next = queue[0]; next && (total === 0 || total + next.bytes <= mostBytes); next = queue[0]) {
      queue.shift()
      change(next.holder, next.bytes)
      next.admit()
    }
    if (queue.length === 0) timer = void clearInterval(timer)
    else timer ??= setInterval(cutOffSlowOnes, Math.min(LOOK_MS, graceMs)).unref()
  }

  function cutOffSlowOnes(): void {
    for (const { response, taken, waited, since } of holders) {
      const ms = since === undefined ? 0 : performance.now() - since
      if (ms > graceMs || waited + ms > graceMs + taken / LEAST_BYTES_PER_MS) response.destroy()
    }
  }

  return {
    of(response) {
      const holder: Holder = { response, bytes: 0, taken: 0, waited: 0, since: undefined }
      const ended = new AbortController()
      holders.add(holder)
      response.once('prefinish', () => {
        holder.since ??= performance.now()
      })
      response.once('close', () => {
        holders.delete(holder)
        const index = queue.findIndex((one) => one.holder === holder)
        if (index >= 0) queue.splice(index, 1)
        change(holder, 0)
        ended.abort()
        admitNext()
      })
      return {
        async hold(bytes) {
          ended.signal.throwIfAborted()
          if (bytes <= holder.bytes) {
            change(holder, bytes)
            return admitNext()
          }
          // A waiting answer holds nothing, so that waiting answers cannot block each other.
          change(holder, 0)
          await new Promise<void>((resolve, reject) => {
            ended.signal.addEventListener('abort', () => reject(ended.signal.reason), { once: true })
            queue.push({ holder, bytes, admit: resolve })
            admitNext()
          })
        },
        async write(part) {
          if (response.destroyed) return false
          if (!response.write(part)) {
            holder.since = performance.now()
            await once(response, 'drain', { signal: ended.signal }).catch(() => {})
            holder.waited += performance.now() - holder.since
            holder.since = undefined
          }
          holder.taken += part.length
          return !response.destroyed
        },
      }
    },
  }
}
