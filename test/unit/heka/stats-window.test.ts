import { expect, test } from 'vitest'
import { parseEvent } from '../../../src/heka/stats/parse-event.ts'
import { StatsWindow } from '../../../src/heka/stats/stats-window.ts'

const NOW = 1_800_000_000.5
const END = 1_800_000_000 - 2

function windowOf(...events: readonly object[]): StatsWindow {
  const window = new StatsWindow()
  for (const event of events) {
    const parsed = parseEvent(
      JSON.stringify({ Timestamp: END, Sender: 's', MetricType: 'Throughput', ...event }),
    )
    if (parsed) window.take(parsed, NOW)
  }
  return window
}

test('the last minute but two seconds is shown, oldest first', () => {
  const { at, throughput } = windowOf(
    { Value: 5 },
    { Value: 1, Timestamp: END - 59 },
    { Value: 9, Timestamp: END - 60 },
    { Value: 9, Timestamp: END + 1 },
  ).read(NOW)
  expect([at.length, at[0], at.at(-1)]).toEqual([60, END - 59, END])
  expect(throughput.s).toEqual([1, ...new Array(58).fill(null), 5])
})

test('processes of one name are added; of their lags the longest counts', () => {
  const window = windowOf(
    { Value: 5 },
    { Value: 7 },
    { Value: 3, Sender: 'other' },
    ...[2, 40, 3].map((Value) => ({ Value, MetricType: 'Lag', Threshold: { Warn: 30, Error: 60 } })),
    { Value: 1, MetricType: 'BatchCount' },
    { Value: 1, MetricType: 'BatchCount' },
  )
  const { throughput, lag, lag_threshold, batches } = window.read(NOW)
  expect([throughput.s?.at(-1), throughput.other?.at(-1)]).toEqual([12, 3])
  expect([lag.s?.at(-1), lag_threshold]).toEqual([40, { warn: 30, error: 60 }])
  expect(batches.s?.at(-1)).toBe(2)
})

test('senders are those of all types, by source, the last heard first', () => {
  const window = windowOf({ SourceIP: '10.0.0.1' }, { MetricType: 'Anything', Sender: 'x' })
  const late = parseEvent('{"Timestamp":1,"Sender":"s","SourceIP":"10.0.0.2","MetricType":"Lag"}')
  if (late) window.take(late, NOW + 5)
  const { senders, lag } = window.read(NOW + 5)
  expect(senders.map(({ sender, source }) => [sender, source])).toEqual([
    ['s', '10.0.0.2'],
    ['s', '10.0.0.1'],
    ['x', ''],
  ])
  expect(lag).toEqual({})
})

test('names that JavaScript gives a meaning are names like others', () => {
  const { throughput } = windowOf(
    { Sender: '__proto__', Value: 2 },
    { Sender: 'constructor', Value: 3 },
  ).read(NOW)
  expect(Object.keys(throughput)).toEqual(['__proto__', 'constructor'])
})

test('what is kept does not grow with senders that come and go', () => {
  const window = new StatsWindow()
  const event = { metricType: 'Throughput', value: 1, source: '', threshold: undefined }
  for (let second = 0; second < 5000; second++) {
    window.take({ ...event, sender: `s${second}`, timestamp: second }, second)
    if (second % 60 === 0) window.read(second)
  }
  const { senders, throughput } = window.read(5000)
  expect(senders).toHaveLength(500)
  expect(Object.keys(throughput).length).toBeLessThanOrEqual(60)
})
