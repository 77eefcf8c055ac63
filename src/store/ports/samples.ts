import type { Sample, SampleRing } from '../../domain/sample.ts'
import type { Micros } from '../../domain/time.ts'

/** A process that stores or runs streams, and when it was heard of, by the database's clock. */
export type Contact = {
  readonly name: string
  readonly role: string
  readonly startedAt: Micros
  readonly heardAt: Micros
  /** ms since then */
  readonly ageMs: number
}

/**
 * Rings of samples that outlive processes, and the processes of a deployment.
 *
 * @example
 * await samples.keepSample(SAMPLE_RINGS[0], { at: now, figures: { 'streams.active': 17 } })
 */
export interface Samples {
  /** Keeps a sample in place of the one that is a whole ring older. */
  keepSample(ring: SampleRing, sample: Sample): Promise<void>
  /** Lists the samples of a ring after a time, the oldest first. */
  listSamples(ring: SampleRing, after: Micros): Promise<Sample[]>
  /** Notes that a process lives. Forgets those that were not heard of for a day. */
  noteContact(contact: { readonly name: string; readonly role: string }): Promise<void>
  /** Forgets a process that ends in order. */
  forgetContact(name: string): Promise<void>
  /** Lists processes in the order of their roles and names. */
  listContacts(): Promise<Contact[]>
}
