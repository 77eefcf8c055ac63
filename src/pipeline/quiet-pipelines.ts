import type { Handler, HandlerClass, HandlerEnv, OpenedHandler } from './handler.ts'
import type { Pipeline, PipelineStep } from './load-pipelines.ts'

/** What a handler would have sent, had its commit not been left out. */
export type Unsent = { readonly handler: string; readonly env: HandlerEnv; readonly sent: readonly unknown[] }

/** Returns the names of the handlers in pipelines that may send something or change something elsewhere. */
export function sendersOf(pipelines: ReadonlyMap<string, Pipeline>): string[] {
  const steps = [...pipelines.values()].flatMap((pipeline) => pipeline.steps)
  return [...new Set(steps.filter(mayChangeOthers).map(({ name }) => name))].sort()
}

/**
 * Returns the same pipelines with handlers that send nothing: their handleEvents run, so that later handlers get the
 * same events, and instead of a commit they roll back. `onUnsent` is called with what each would have sent.
 */
export function quietPipelines(
  pipelines: ReadonlyMap<string, Pipeline>,
  onUnsent: (unsent: Unsent) => void = () => {},
): Map<string, Pipeline> {
  const quiet = (step: PipelineStep) =>
    mayChangeOthers(step) ? { ...step, handler: quietClass(step, onUnsent) } : step
  return new Map(
    [...pipelines].map(([name, pipeline]) => [name, { ...pipeline, steps: pipeline.steps.map(quiet) }]),
  )
}

function mayChangeOthers({ handler }: PipelineStep): boolean {
  return handler.changesOthers !== false
}

function quietClass({ name, handler }: PipelineStep, onUnsent: (unsent: Unsent) => void): HandlerClass {
  return {
    async open(params, services): Promise<OpenedHandler> {
      const opened: OpenedHandler =
        'open' in handler
          ? await handler.open(params, services)
          : { forRun: (context) => new handler(params, context) }
      return {
        forRun: (context) => quietHandler(name, opened.forRun(context), onUnsent),
        close: () => opened.close?.(),
      }
    },
  }
}

function quietHandler(name: string, handler: Handler, onUnsent: (unsent: Unsent) => void): Handler {
  let env: HandlerEnv | undefined
  return {
    handleEvents(events, given) {
      env = given
      return handler.handleEvents(events, given)
    },
    async commit() {
      const sent = handler.wouldPublish?.() ?? []
      if (env && sent.length > 0) onUnsent({ handler: name, env, sent })
      await handler.rollback()
    },
    rollback: () => handler.rollback(),
  }
}
