import { ConfigError } from '../domain/errors.ts'
import type { HandlerClass, HandlerParams } from './handler.ts'
import { LoggerHandler } from './handlers/logger-handler.ts'

/** A handler of a pipeline with its parameters, ready to be made. */
export type PipelineStep = {
  readonly name: string
  readonly handler: HandlerClass
  readonly params: HandlerParams
}

export type Pipeline = { readonly name: string; readonly steps: readonly PipelineStep[] }

/** Handlers that need no module: by short name, and by the class path that old configurations have. */
const BUILT_IN: { readonly [name: string]: HandlerClass } = {
  logger: LoggerHandler,
  'winchester.pipeline_handler:LoggingHandler': LoggerHandler,
}

type StepConfig = { readonly name: string; readonly params: HandlerParams }

/**
 * The pipelines of a configuration by name; `classPaths` maps a name to a class path, as pipeline_handlers
 * does. Throws ConfigError that names each handler that is not known.
 */
export function createPipelines(
  configs: { readonly [name: string]: readonly StepConfig[] },
  classPaths: { readonly [name: string]: string },
): ReadonlyMap<string, Pipeline> {
  const unknown = new Set<string>()
  const pipelines = new Map<string, Pipeline>()
  for (const [name, steps] of Object.entries(configs)) {
    const resolved = steps.flatMap(({ name: stepName, params }) => {
      const classPath = classPaths[stepName] ?? stepName
      const handler = BUILT_IN[classPath]
      if (!handler) unknown.add(classPath === stepName ? stepName : `${stepName} (${classPath})`)
      return handler ? [{ name: stepName, handler, params }] : []
    })
    pipelines.set(name, { name, steps: resolved })
  }
  if (unknown.size > 0) {
    throw new ConfigError(
      `unknown pipeline handlers: ${[...unknown].join(', ')}; known are ${Object.keys(BUILT_IN).join(', ')}`,
    )
  }
  return pipelines
}
