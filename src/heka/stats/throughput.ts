import type { MetricEvent } from './metric-event.ts'

/** Returns what reads, each second, how much a count has grown, as an event. */
export function createThroughput(
  count: () => number,
  names: Pick<MetricEvent, 'Sender' | 'SourceIP'>,
  onRead: (value: number) => void = () => {},
): () => readonly MetricEvent[] {
  let last = count()
  return () => {
    const now = count()
    const value = now - last
    last = now
    onRead(value)
    return [
      {
        Timestamp: Math.floor(Date.now() / 1000),
        Value: value,
        ...names,
        MetricType: 'Throughput',
        Threshold: null,
        Aggregate: '',
      },
    ]
  }
}
