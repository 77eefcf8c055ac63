import type { Config } from '../config/load-config.ts'
import { ConfigError } from '../domain/errors.ts'
import {
  type HandlerFault,
  type LoadedPipelines,
  loadPipelines,
  type Pipeline,
} from '../pipeline/handler-registry.ts'

function load(config: Config): Promise<LoadedPipelines> {
  return loadPipelines({
    pipelines: config.pipelines,
    handlers: config.winchester.pipeline_handlers,
    folder: config.folder,
  })
}

/** The handlers of a configuration that cannot be used. */
export async function handlerFaults(config: Config): Promise<readonly HandlerFault[]> {
  return (await load(config)).faults
}

/** The pipelines of a configuration. Throws ConfigError that names each handler that cannot be used. */
export async function requirePipelines(config: Config): Promise<ReadonlyMap<string, Pipeline>> {
  const { pipelines, faults } = await load(config)
  if (faults.length === 0) return pipelines
  const told = faults.map(({ pipeline, message }) => `pipeline ${pipeline}: ${message}`)
  throw new ConfigError(told.join('\n'))
}
