import { createHandlerContext } from '../../pipeline/handler-context.ts'
import type { Pipeline, PipelineStep } from '../../pipeline/handler-registry.ts'
import { UsageHandler } from '../../pipeline/handlers/usage-handler.ts'
import type { Logger } from '../../runtime/logger.ts'
import type { Trigger } from '../../streams/trigger.ts'

/**
 * The usage handler that the streams of a trigger go through, with its parameters, own classes that extend it included;
 * undefined: its pipelines have none.
 */
export function usageHandlerOf(
  streamName: string,
  triggers: readonly Trigger[],
  pipelines: ReadonlyMap<string, Pipeline>,
  logger: Logger,
): UsageHandler | undefined {
  const step = usageStepOf(triggers.find(({ name }) => name === streamName) ?? {}, pipelines)
  return step && (new step.handler(step.params, createHandlerContext(logger)) as UsageHandler)
}

/** The step of a trigger's pipelines that verifies usage. */
export function usageStepOf(
  { firePipeline, expirePipeline }: Partial<Trigger>,
  pipelines: ReadonlyMap<string, Pipeline>,
): PipelineStep | undefined {
  for (const name of [firePipeline, expirePipeline]) {
    const step = pipelines.get(name ?? '')?.steps.find(isUsage)
    if (step) return step
  }
  return undefined
}

function isUsage({ handler }: PipelineStep): boolean {
  return handler === UsageHandler || handler.prototype instanceof UsageHandler
}
