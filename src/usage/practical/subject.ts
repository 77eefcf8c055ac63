import type { Event } from '../../domain/event.ts'

/** A step in the life of what is used, by its name in old-style notifications without their prefix: `create.end`. */
export type Step = string

/** A kind of thing whose usage is verified. */
export type Subject = {
  /** The step that an event tells of; undefined: none of such a thing, or what verifying it made. */
  readonly stepOf: (event: Event) => Step | undefined
  /** after these it is as they tell: an exists must agree with the last of them */
  readonly settling: readonly Step[]
  /** the core fields in which it may be told of as before or as after, from a step on until it has settled */
  readonly unsettling: { readonly [step: Step]: readonly string[] }
  /** What is being done to it, where that begins before the step of this name is told. */
  readonly underWay: (event: Event) => Step | undefined
  /** fields in which an exists must agree with what was told before it */
  readonly coreFields: readonly string[]
  /** the trait that tells since when it is used */
  readonly usedSince: 'launched_at' | 'created_at'
  /** Whether an event tells of it as it is, and nothing is being done to it. */
  readonly isAtRest: (event: Event, step: Step) => boolean
  /** Whether an event tells of it at rest, after an operation that failed. */
  readonly hasFailed: (event: Event, step: Step) => boolean
}
