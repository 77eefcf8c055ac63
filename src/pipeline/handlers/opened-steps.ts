import { InvalidError, messageOf } from '../../domain/errors.ts'
import type {
  Handler,
  HandlerContext,
  HandlerParams,
  HandlerServices,
  OpenedHandler,
  StepHandlerClass,
} from '../handler.ts'
import type { PipelineStep } from '../load-pipelines.ts'

/** Opens each step of the pipelines before its first run, and closes all of them together. */
export class OpenedSteps {
  readonly #services: HandlerServices
  readonly #opened = new Map<PipelineStep, Promise<OpenedHandler>>()

  constructor(services: HandlerServices) {
    this.#services = services
  }

  /** Makes the handler of a step for one run. Throws or rejects with the error of the handler. */
  handlerOf(step: PipelineStep, context: HandlerContext): Handler | Promise<Handler> {
    const { handler, params } = step
    if (!('open' in handler)) return new handler(params, context)
    return this.#open(step, handler).then((opened) => opened.forRun(context))
  }

  #open(step: PipelineStep, handler: StepHandlerClass): Promise<OpenedHandler> {
    const known = this.#opened.get(step)
    if (known) return known
    const opening = this.#openAnew(handler, step.params)
    this.#opened.set(step, opening)
    // After a failure the next run opens the step again.
    opening.catch(() => this.#opened.delete(step))
    return opening
  }

  async #openAnew(handler: StepHandlerClass, params: HandlerParams): Promise<OpenedHandler> {
    const opened = await handler.open(params, this.#services)
    if (typeof opened?.forRun === 'function') return opened
    throw new InvalidError('open must return an object with forRun(context)')
  }

  /** Closes all steps. Logs a step that cannot be closed and goes on with the others. */
  async close(): Promise<void> {
    const steps = [...this.#opened]
    this.#opened.clear()
    for (const [{ name }, opening] of steps) {
      try {
        const opened = await opening
        await opened.close?.()
      } catch (error) {
        this.#services.logger.warn({}, `handler ${name} could not be closed: ${messageOf(error)}`)
      }
    }
  }
}
