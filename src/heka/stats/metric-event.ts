import { goJsonText } from '../../text/go-json-text.ts'

/** A figure of a daemon at a time, in the words of lagermeister. */
export type MetricEvent = {
  /** seconds since 1970 */
  readonly Timestamp: number | bigint
  readonly Value: number
  readonly Sender: string
  readonly SourceIP: string
  readonly MetricType: string
  readonly Threshold: { readonly Warn: number; readonly Error: number } | null
  /** what becomes of several in a second: `Average`, `Total`, or the last one for any other text */
  readonly Aggregate: string
}

/** Returns an event as lagermeister publishes it. */
export function eventText(event: MetricEvent): string {
  const { Threshold: threshold } = event
  const parts = [
    `"Timestamp":${event.Timestamp}`,
    `"Value":${event.Value}`,
    `"Sender":${goJsonText(event.Sender)}`,
    `"SourceIP":${goJsonText(event.SourceIP)}`,
    `"MetricType":${goJsonText(event.MetricType)}`,
    `"Threshold":${threshold === null ? 'null' : `{"Warn":${threshold.Warn},"Error":${threshold.Error}}`}`,
    `"Aggregate":${goJsonText(event.Aggregate)}`,
  ]
  return `{${parts.join(',')}}`
}
