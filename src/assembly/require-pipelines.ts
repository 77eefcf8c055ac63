import type { Config } from '../config/load/load-config.ts'
import { ConfigError } from '../domain/errors.ts'
import {
  type HandlerFault,
  loadPipelines,
  type Pipeline,
  type PipelineSources,
  type UnusedFault,
  unusedHandlerFaults,
} from '../pipeline/handler-registry.ts'

function sourcesOf({ pipelines, winchester, folder }: Config): PipelineSources {
  return { pipelines, handlers: winchester.pipeline_handlers, folder }
}

/** The handlers of a configuration that cannot be used. */
export async function handlerFaults(config: Config): Promise<readonly (HandlerFault | UnusedFault)[]> {
  const sources = sourcesOf(config)
  return [...(await loadPipelines(sources)).faults, ...(await unusedHandlerFaults(sources))]
}

/** The pipelines of a configuration. Throws ConfigError that names each handler that cannot be used. */
export async function requirePipelines(config: Config): Promise<ReadonlyMap<string, Pipeline>> {
  const { pipelines, faults } = await loadPipelines(sourcesOf(config))
  if (faults.length === 0) return pipelines
  const told = faults.map(({ pipeline, message }) => `pipeline ${pipeline}: ${message}`)
  throw new ConfigError(told.join('\n'))
}
