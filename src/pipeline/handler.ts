import type { Publisher } from '../broker/broker.ts'
import type { Event } from '../domain/event.ts'
import type { Micros } from '../domain/time.ts'
import type { DistinguishingTraits, Trait } from '../domain/trait.ts'
import type { Shared } from '../runtime/shared.ts'

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

/**
 * A class of handlers. One with a constructor is made anew for each run of a stream. One with a static `open` is opened
 * once for each step of a pipeline that names it, before the first run, and keeps what it has until the worker stops.
 */
export type HandlerClass = RunHandlerClass | StepHandlerClass

type HandlerStatics = {
  /** What it does, for the reference pages. */
  readonly description?: string
  /**
   * JSON Schema of the parameters: `stv3 check` and the worker refuse others. A property's `default` takes the
   * place of a parameter that is absent or null; a `deprecated` one is accepted, with a warning.
   */
  readonly schema?: JsonSchema
  /** What is wrong with parameters that fit the schema; undefined: nothing. */
  readonly fault?: (params: HandlerParams) => string | undefined
}

export type RunHandlerClass = HandlerStatics & {
  new (params: HandlerParams, context: HandlerContext): Handler
}

/**
 * A class whose state outlives a run: connections, batches over several streams, compiled parameters.
 *
 *     export class Counted {
 *       static open(params, services) {
 *         const connection = connect(params.url)
 *         return { forRun: (context) => new Counted(connection, context), close: () => connection.end() }
 *       }
 *       …
 *     }
 */
export type StepHandlerClass = HandlerStatics & {
  /** Opens a step. Where it throws or rejects the run fails, as by a constructor, and the next one opens it again. */
  open(params: HandlerParams, services: HandlerServices): OpenedHandler | Promise<OpenedHandler>
}

/** A step of a pipeline for as long as the worker runs. */
export interface OpenedHandler<H extends Handler = Handler> {
  /** Makes the handler of one run of one stream. Runs of several streams go on at the same time. */
  forRun(context: HandlerContext): H
  /** Called once, when the worker has stopped and all runs have ended. */
  close?(): void | Promise<void>
}

export type JsonSchema = { readonly [keyword: string]: unknown }

/** What a step gets from the worker beside its parameters. */
export type HandlerServices = {
  readonly logger: HandlerLogger
  /** aborted when the worker stops: what waits gives up with an error, and another worker runs the stream again */
  readonly signal: AbortSignal
  /** Stored events, whatever their streams; not there where nothing is stored. Rejects while the database is away. */
  findEvents?(query: EventQuery): Promise<readonly Event[]>
  /** A publisher of the broker at this URL, `amqp(s)://…`; all runs share it. */
  publisherFor(url: string): Promise<Publisher>
  /** Returns the one instance of a class that all steps of this worker have, such as a cache or a pool. */
  readonly shared: Shared
}

/** What the handler of one run gets. */
export type HandlerContext = HandlerServices & {
  /** To be called when a receiver takes what others send and not what this run does: it takes the place of none. */
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
