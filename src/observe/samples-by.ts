import type { Sample } from './metrics.ts'

/** Returns one sample for each value of a label. */
export function samplesBy(label: string, values: Iterable<readonly [string, number]>): Sample[] {
  return [...values].map(([name, value]) => ({ labels: { [label]: name }, value }))
}
