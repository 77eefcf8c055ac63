import type { Publisher } from '../broker/broker.ts'
import type { Event } from '../domain/event.ts'
import type { Micros } from '../domain/time.ts'
import type { DistinguishingTraits, Trait } from '../domain/trait.ts'
import type { Shared } from '../runtime/shared.ts'

/** The scratchpad of one run of one stream, shared by its handlers. */
export type HandlerEnv = {
  readonly streamId: number
  readonly streamName: string
  /** the distinguishing traits of the stream; absent when a pipeline runs over events of no stream */
  readonly distinguishingTraits?: DistinguishingTraits
  [key: string]: unknown
}

/** The parameters of a handler in pipelines.yaml. */
export type HandlerParams = { readonly [name: string]: unknown }

/**
 * A step of a pipeline: one instance per stream and run. `handleEvents` may run again for the same stream
 * after a failure; `commit` runs at least once after every handler of the pipeline has succeeded.
 *
 * @example
 * export class CountEvents {
 *   handleEvents(events) { this.count = events.length; return events }
 *   commit() { console.log(this.count) }
 *   rollback() {}
 * }
 */
export interface Handler {
  /**
   * Takes the events of the stream in order of time, or those that the handler before returned. Returns the
   * events for the next handler. Events with new message ids are new and are stored when the stream is
   * completed.
   */
  handleEvents(events: readonly Event[], env: HandlerEnv): readonly Event[] | Promise<readonly Event[]>
  /** Makes the effects of handleEvents visible. */
  commit(): void | Promise<void>
  /** Undoes what handleEvents did, because this handler or another one of the pipeline failed. */
  rollback(): void | Promise<void>
  /** Returns what commit is going to send, for `stv3 pipeline --dry-run`. */
  wouldPublish?(): readonly unknown[]
}

/**
 * A class of handlers. A class without `open` is instantiated for each run of a stream. A class with a static
 * `open` is opened once for each step of a pipeline that names it, before the first run, and keeps its state
 * until the worker stops.
 */
export type HandlerClass = RunHandlerClass | StepHandlerClass

type HandlerStatics = {
  /** One or two sentences for the reference pages. */
  readonly description?: string
  /**
   * The JSON Schema of the parameters: `stv3 check` and the worker refuse others. A property's `default`
   * replaces a parameter that is absent or null. A `deprecated` parameter is accepted with a warning.
   */
  readonly schema?: JsonSchema
  /**
   * Whether commit sends something, or changes something outside of StackTach (true). A replay leaves out the commit of
   * such a handler and calls rollback instead, unless it is told to publish.
   */
  readonly changesOthers?: boolean
  /** Returns the fault of parameters that fit the schema; undefined when there is none. */
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
  /**
   * Opens a step. When it throws or rejects, the run fails, as with a constructor, and the next run opens it
   * again.
   */
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

/** The services that a step gets from the worker beside its parameters. */
export type HandlerServices = {
  readonly logger: HandlerLogger
  /**
   * aborts when the worker stops: a handler that waits should reject then; another worker runs the stream
   * again
   */
  readonly signal: AbortSignal
  /**
   * Returns stored events of any stream. Absent where nothing is stored. Rejects while the database is away.
   */
  findEvents?(query: EventQuery): Promise<readonly Event[]>
  /** Returns the publisher of the broker at `url`, `amqp(s)://…`. All runs share it. */
  publisherFor(url: string): Promise<Publisher>
  /** Returns the one instance of a class that all steps of this worker have, such as a cache or a pool. */
  readonly shared: Shared
}

/** The services that the handler of one run gets. */
export type HandlerContext = HandlerServices & {
  /**
   * A handler calls it when its receiver accepts data of other runs but not of this one: the run takes no
   * place then.
   */
  readonly waitsAlone?: (() => void) | undefined
}

/** A query for events whose trait has a value, with timestamps after `from` and up to and including `to`. */
export type EventQuery = {
  readonly trait: string
  readonly value: Trait
  readonly from: Micros
  readonly to: Micros
  /** events that the caller has already, and that are left out of the result */
  readonly known?: readonly Event[] | undefined
}

export type HandlerLogger = {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
}
