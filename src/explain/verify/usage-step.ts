import { createHandlerContext } from '../../pipeline/handlers/handler-context.ts'
import { UsageHandler } from '../../pipeline/handlers/usage-handler.ts'
import type { Pipeline, PipelineStep } from '../../pipeline/load-pipelines.ts'
import type { Logger } from '../../runtime/logger.ts'
import type { Trigger } from '../../streams/trigger.ts'

/**
 * Creates the usage handler of a trigger's pipelines with its parameters. A class that extends UsageHandler
 * counts too. Returns undefined when the pipelines have none.
 */
export function usageHandlerOf(
  streamName: string,
  triggers: readonly Trigger[],
  pipelines: ReadonlyMap<string, Pipeline>,
  logger: Logger,
): UsageHandler | undefined {
  const step = usageStepOf(triggers.find(({ name }) => name === streamName) ?? {}, pipelines)
  return step && new step.handler(step.params, createHandlerContext(logger))
}

/**
 * Returns the first step that verifies usage in the fire pipeline or, failing that, in the expire pipeline.
 */
export function usageStepOf(
  { firePipeline, expirePipeline }: Partial<Trigger>,
  pipelines: ReadonlyMap<string, Pipeline>,
): UsageStep | undefined {
  for (const name of [firePipeline, expirePipeline]) {
    const step = pipelines.get(name ?? '')?.steps.find(isUsage)
    if (step) return step
  }
  return undefined
}

/** A step with the usage handler, or with an own class that extends it. */
type UsageStep = Omit<PipelineStep, 'handler'> & { readonly handler: typeof UsageHandler }

function isUsage(step: PipelineStep): step is UsageStep {
  const { handler } = step
  return handler === UsageHandler || ('prototype' in handler && handler.prototype instanceof UsageHandler)
}
