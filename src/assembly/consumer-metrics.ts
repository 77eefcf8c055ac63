import type { ConsumerCounters } from '../consumer/counters.ts'
import type { QueueConsumerOptions } from '../consumer/queue-consumer.ts'
import type { Metrics } from '../observe/metrics.ts'
import { samplesBy } from '../observe/samples-by.ts'
import { triggerMetrics } from './trigger-metrics.ts'

const COUNTED = {
  received: 'messages that the broker has delivered',
  stored: 'events that were stored',
  duplicates: 'messages that were there already',
  dropped: 'notifications that no event definition matches',
  filtered: 'notifications that the filters keep from the streams',
  misplaced: 'events that match a trigger but can join no stream of it',
  batches: 'transactions',
  reconnects: 'times that a queue was lost and read again',
  repeats: 'transactions that were rolled back and run again',
}

/** Adds the counters of a consumer to the metrics. Returns the callback that records each stored batch. */
export function consumerMetrics(
  metrics: Metrics,
  counters: ConsumerCounters,
): QueueConsumerOptions['onBatch'] {
  metrics.counters('consumer', COUNTED, () => counters)
  metrics.counter('consumer_dead_letters', 'messages that became dead letters', ['stage'], () =>
    samplesBy('stage', Object.entries(counters.deadLettersByStage)),
  )
  metrics.counter(
    'consumer_dropped_by_type',
    'notifications that no event definition matches, by the first 50 event types and others',
    ['event_type'],
    () => samplesBy('event_type', counters.droppedByType),
  )
  triggerMetrics(metrics, () => counters.triggers)
  metrics.gauge('consumer_lag_seconds', 'from the newest stored timestamp until now', [], () => {
    const { newest } = counters
    return newest === undefined ? [] : [{ labels: {}, value: Date.now() / 1000 - newest / 1e6 }]
  })
  const size = metrics.histogram('consumer_batch_messages', 'messages of one transaction', [], 'messages')
  const time = metrics.histogram(
    'consumer_batch_seconds',
    'from the first attempt to store a batch until it is stored',
  )
  return ({ messages, seconds }) => {
    size(messages)
    time(seconds)
  }
}
