import type { Config } from '../config/load/config.ts'
import { ConfigError, type Finding, formatFinding } from '../domain/errors.ts'
import {
  type LoadedPipelines,
  loadPipelines,
  type Pipeline,
  type PipelineSources,
  unusedHandlerFaults,
} from '../pipeline/load-pipelines.ts'
import type { Logger } from '../runtime/logger.ts'

function sourcesOf({ pipelines, winchester, folder }: Config): PipelineSources {
  return { pipelines, handlers: winchester.pipeline_handlers, folder }
}

/** Returns the faults of the handlers of a configuration as errors, with their places in pipelines.yaml. */
function errorsOf({ faults }: LoadedPipelines, { places }: Config): readonly Finding[] {
  return faults.map(({ pipeline, step, message }) => ({
    severity: 'error',
    code: 'handler',
    path: `${pipeline}.${step}`,
    message,
    position: places.step(pipeline, step),
  }))
}

/** Returns the parameters without effect as warnings, with their places in pipelines.yaml. */
function warningsOf({ unused }: LoadedPipelines, { places }: Config): readonly Finding[] {
  return unused.map(({ pipeline, step, parameter, message }) => ({
    severity: 'warning',
    code: 'unused',
    path: `${pipeline}.${step}.params.${parameter}`,
    message,
    position: places.step(pipeline, step, parameter),
  }))
}

/**
 * Returns the faults of the handlers of a configuration, and the parameters without effect. A handler that no
 * pipeline runs is a warning only.
 */
export async function handlerFaults(config: Config): Promise<readonly Finding[]> {
  const sources = sourcesOf(config)
  const loaded = await loadPipelines(sources)
  const idle = (await unusedHandlerFaults(sources)).map(
    ({ handler, message }): Finding => ({
      severity: 'warning',
      code: 'handler',
      path: `pipeline_handlers.${handler}`,
      message,
      position: config.places.handler(handler),
    }),
  )
  return [...errorsOf(loaded, config), ...idle, ...warningsOf(loaded, config)]
}

/**
 * Loads the pipelines of a configuration. Logs parameters without effect as warnings. Rejects with a
 * ConfigError that has a finding for each handler that cannot be used.
 */
export async function requirePipelines(
  config: Config,
  logger?: Pick<Logger, 'warn'>,
): Promise<ReadonlyMap<string, Pipeline>> {
  const loaded = await loadPipelines(sourcesOf(config))
  for (const finding of warningsOf(loaded, config))
    logger?.warn({ code: finding.code }, formatFinding(finding))
  const errors = errorsOf(loaded, config)
  if (errors.length === 0) return loaded.pipelines
  throw new ConfigError('the pipelines cannot be used', errors)
}
