import type { Publisher } from '../broker/broker.ts'
import type { Event } from '../domain/event.ts'
import type { Micros } from '../domain/time.ts'
import type { DistinguishingTraits, Trait } from '../domain/trait.ts'

/** Scratchpad of one run of one stream, shared by its handlers. */
export type HandlerEnv = {
  readonly streamId: number
  readonly streamName: string
  /** what the stream is told apart by; not there where a pipeline runs over events of no stream */
  readonly distinguishingTraits?: DistinguishingTraits
  [key: string]: unknown
}

/** The parameters of a handler in pipelines.yaml. */
export type HandlerParams = { readonly [name: string]: unknown }

/**
 * A step of a pipeline: one instance per stream and run. `handleEvents` may run again for the same stream after
 * a failure; `commit` runs at least once after every handler of the pipeline has succeeded.
 */
export interface Handler {
  /**
   * Takes the events of the stream in order of time, or what the handler before left of them. What it answers
   * goes to the next one: events with new message ids are new, and are stored when the stream is completed.
   */
  handleEvents(events: readonly Event[], env: HandlerEnv): readonly Event[] | Promise<readonly Event[]>
  /** Makes the effects of handleEvents visible. */
  commit(): void | Promise<void>
  /** Takes back what handleEvents did; another handler failed, or this one. */
  rollback(): void | Promise<void>
  /** What commit is going to send, for `stv3 pipeline --dry-run`. */
  wouldPublish?(): readonly unknown[]
}

export type HandlerClass = {
  new (params: HandlerParams, context: HandlerContext): Handler
  /** JSON Schema of the parameters: `stv3 check` and the worker refuse others. */
  readonly schema?: JsonSchema
  /** What is wrong with parameters that fit the schema; undefined: nothing. */
  readonly fault?: (params: HandlerParams) => string | undefined
}

export type JsonSchema = { readonly [keyword: string]: unknown }

/** What handlers get from the worker beside their parameters. */
export type HandlerContext = {
  readonly logger: HandlerLogger
  /** aborted when the worker stops: what waits gives up with an error, and another worker runs the stream again */
  readonly signal: AbortSignal
  /** Stored events, whatever their streams; not there where nothing is stored. Rejects while the database is away. */
  findEvents?(query: EventQuery): Promise<readonly Event[]>
  /** A publisher of the broker at this URL, `amqp(s)://…`; all runs share it. */
  publisherFor(url: string): Promise<Publisher>
  /** To be told when a receiver takes what others send and not what this run does: it takes the place of none. */
  readonly waitsAlone?: (() => void) | undefined
}

/** Events that have a trait of this value, after one time and until another. */
export type EventQuery = {
  readonly trait: string
  readonly value: Trait
  readonly from: Micros
  readonly to: Micros
  /** events that are known already, and are left out */
  readonly known?: readonly Event[] | undefined
}

export type HandlerLogger = {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
}
