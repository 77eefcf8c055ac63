import type { Sample } from './metrics.ts'

/** Samples of one label, by its values. */
export function samplesBy(label: string, values: Iterable<readonly [string, number]>): Sample[] {
  return [...values].map(([name, value]) => ({ labels: { [label]: name }, value }))
}
