import type { Delivery, SubscribeOptions, Subscription } from '../broker.ts'
import type { QueueSpec } from '../queue-spec.ts'
import type { MemoryQueues } from './memory-queues.ts'
import type { QueuedMessage, QueueReader } from './queue-reader.ts'

type MemoryDelivery = Delivery & Pick<QueuedMessage, 'ackUpTo'>

/** Declares a queue and reads it, at once or when its owner has declared it. */
export function createMemorySubscription(
  queues: MemoryQueues,
  spec: QueueSpec,
  { prefetch, onDelivery, onReading, onAwaiting, onLost }: SubscribeOptions,
): Subscription {
  const { queue } = spec
  let most = prefetch
  let isPaused = false
  let isResting = false
  let isClosed = false
  let reader: QueueReader | undefined
  /** where to read a stream, and after a rest where to go on */
  let { streamOffset } = spec

  const deliver = (message: QueuedMessage) => {
    // Messages that come after a pause are not acknowledged and go back to the queue at close.
    if (!isPaused && !isResting) onDelivery({ queue, ...message } as MemoryDelivery)
  }

  /** Reads the queue if it exists. Returns whether no further declaration is waited for. */
  const settle = (): boolean => {
    if (isClosed) return true
    if (isResting || !queues.has(queue)) return false
    const isComplete = queues.bind(spec)
    if (reader) return isComplete
    reader = queues.read({ ...spec, streamOffset }, most, deliver)
    onReading?.()
    return isComplete
  }

  queues.declare(spec)
  queueMicrotask(() => {
    if (!settle()) queues.whenDeclared(settle)
    if (!reader && !isClosed) onAwaiting?.()
  })

  return {
    ackUpTo(delivery) {
      if (!isClosed) (delivery as MemoryDelivery).ackUpTo()
    },
    async setPrefetch(count) {
      most = count
      reader?.setPrefetch(count)
    },
    rest() {
      if (isResting || isPaused) return
      isResting = true
      streamOffset = reader?.stop() ?? streamOffset
      reader = undefined
      onLost()
    },
    resume() {
      isResting = false
      if (!isPaused && !reader && !settle()) queues.whenDeclared(settle)
    },
    async pause() {
      isPaused = true
    },
    async close() {
      if (isClosed) return
      isClosed = true
      isPaused = true
      reader?.stop()
    },
  }
}
