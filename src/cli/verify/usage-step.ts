import { createHandlerContext } from '../../pipeline/handler-context.ts'
import type { Pipeline } from '../../pipeline/handler-registry.ts'
import { UsageHandler } from '../../pipeline/handlers/usage-handler.ts'
import type { Logger } from '../../runtime/logger.ts'

/** The usage handler of a pipeline, with its parameters, own classes that extend it included; undefined: it has none. */
export function usageHandlerOf(pipeline: Pipeline | undefined, logger: Logger): UsageHandler | undefined {
  const step = pipeline?.steps.find(
    ({ handler }) => handler === UsageHandler || handler.prototype instanceof UsageHandler,
  )
  return step && (new step.handler(step.params, createHandlerContext(logger)) as UsageHandler)
}
