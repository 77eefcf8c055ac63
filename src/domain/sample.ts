import type { Micros } from './time.ts'

/** Figures of a deployment at one time, by name, such as `stored.monitor.info`; counts only grow. */
export type Sample = { readonly at: Micros; readonly figures: { readonly [name: string]: number } }

/** A ring of samples: seconds from one to the next, and how many are kept. */
export type SampleRing = { readonly stepS: number; readonly length: number }

/** An hour at 5 s, and a day at 1 min. */
export const SAMPLE_RINGS = [
  { stepS: 5, length: 720 },
  { stepS: 60, length: 1440 },
] as const satisfies readonly SampleRing[]
