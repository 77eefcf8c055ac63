import type { Config } from '../config/load/config.ts'
import type { FaultyHandler } from '../config/load/load-context.ts'
import { ConfigError } from '../domain/errors.ts'
import {
  loadPipelines,
  type Pipeline,
  type PipelineSources,
  unusedHandlerFaults,
} from '../pipeline/load-pipelines.ts'
import type { Logger } from '../runtime/logger.ts'

function sourcesOf({ pipelines, winchester, folder }: Config): PipelineSources {
  return { pipelines, handlers: winchester.pipeline_handlers, folder }
}

/** Returns the faults of the handlers of a configuration, and the parameters without effect. */
export async function handlerFaults(config: Config): Promise<readonly FaultyHandler[]> {
  const sources = sourcesOf(config)
  const { faults, unused } = await loadPipelines(sources)
  return [...faults, ...(await unusedHandlerFaults(sources)), ...unused]
}

/**
 * Loads the pipelines of a configuration. Logs parameters without effect as warnings. Rejects with a
 * ConfigError that names each handler that cannot be used.
 */
export async function requirePipelines(
  config: Config,
  logger?: Pick<Logger, 'warn'>,
): Promise<ReadonlyMap<string, Pipeline>> {
  const { pipelines, faults, unused } = await loadPipelines(sourcesOf(config))
  for (const { pipeline, message } of unused)
    logger?.warn({ code: 'unused' }, `pipeline ${pipeline}: ${message}`)
  if (faults.length === 0) return pipelines
  const told = faults.map(({ pipeline, message }) => `pipeline ${pipeline}: ${message}`)
  throw new ConfigError(told.join('\n'))
}
