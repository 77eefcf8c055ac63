import type { Event } from '../../domain/event.ts'

/**
 * A step in the life of a subject, named as in old-style notifications without their prefix: `create.end`.
 */
export type Step = string

/** A kind of resource whose usage is verified: servers, volumes or snapshots. */
export type Subject = {
  /**
   * Returns the step that an event reports; undefined for events of anything else and for results of the
   * verification.
   */
  readonly stepOf: (event: Event) => Step | undefined
  /** steps after which the core fields are settled: an exists must agree with the last of these events */
  readonly settling: readonly Step[]
  /**
   * by step, the core fields that may have their old or new values from that step on until they are settled
   */
  readonly unsettling: { readonly [step: Step]: readonly string[] }
  /**
   * Returns the step that begins the operation under way, where an event reports the operation before that
   * step.
   */
  readonly underWay: (event: Event) => Step | undefined
  /** fields in which an exists must agree with the events before it */
  readonly coreFields: readonly string[]
  /** the trait that holds the begin of the usage */
  readonly usedSince: 'launched_at' | 'created_at'
  /** Whether an event reports the current values, with no operation under way. */
  readonly isAtRest: (event: Event, step: Step) => boolean
  /** Whether an event reports the resource at rest after a failed operation. */
  readonly hasFailed: (event: Event, step: Step) => boolean
}
