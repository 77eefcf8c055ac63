import { messageOf } from '../domain/errors.ts'
import type { NamedClasses } from '../runtime/class-registry.ts'
import type { HandlerClass, HandlerParams } from './handler.ts'
import { checkedParams, unusedParams } from './handlers/check-params.ts'
import { HANDLERS } from './handlers/handler-registry.ts'

/** A step of a pipeline: a loaded handler class and its checked parameters. */
export type PipelineStep = {
  readonly name: string
  readonly handler: HandlerClass
  readonly params: HandlerParams
}

export type Pipeline = { readonly name: string; readonly steps: readonly PipelineStep[] }

type StepConfig = { readonly name: string; readonly params: HandlerParams }

export type PipelineSources = {
  readonly pipelines: { readonly [name: string]: readonly StepConfig[] }
  /** class paths by the names of handlers, from pipeline_handlers */
  readonly handlers: { readonly [name: string]: string }
  /** the folder that the paths of modules are relative to */
  readonly folder: string
}

/** The fault of a handler that a pipeline names and that cannot be used. `step` counts from 0. */
export type HandlerFault = { readonly pipeline: string; readonly step: number; readonly message: string }

/** A parameter of a step that is accepted and has no effect. `step` counts from 0. */
export type UnusedParameter = {
  readonly pipeline: string
  readonly step: number
  readonly parameter: string
  readonly message: string
}

export type LoadedPipelines = {
  readonly pipelines: ReadonlyMap<string, Pipeline>
  readonly faults: readonly HandlerFault[]
  readonly unused: readonly UnusedParameter[]
}

/** The fault of a handler that pipeline_handlers names, no pipeline uses, and that cannot be loaded. */
export type UnusedFault = { readonly handler: string; readonly message: string }

/** Returns the faults of handlers that pipeline_handlers names and no pipeline uses. */
export async function unusedHandlerFaults(sources: PipelineSources): Promise<UnusedFault[]> {
  const used = new Set(Object.values(sources.pipelines).flatMap((steps) => steps.map(({ name }) => name)))
  const faults: UnusedFault[] = []
  for (const handler of Object.keys(sources.handlers).filter((name) => !used.has(name))) {
    try {
      await HANDLERS.load(handler, namesOf(sources))
    } catch (error) {
      faults.push({ handler, message: namedFault(handler, error) })
    }
  }
  return faults
}

/** Loads the pipelines of a configuration. Leaves out faulty steps and lists them in `faults`. */
export async function loadPipelines(sources: PipelineSources): Promise<LoadedPipelines> {
  const faults: HandlerFault[] = []
  const unused: UnusedParameter[] = []
  const pipelines = new Map<string, Pipeline>()
  for (const [pipeline, configs] of Object.entries(sources.pipelines)) {
    const steps: PipelineStep[] = []
    for (const [step, { name, params }] of configs.entries()) {
      try {
        const handler = await HANDLERS.load(name, namesOf(sources))
        steps.push({ name, handler, params: checkedParams(handler, params) })
        for (const parameter of unusedParams(handler, params)) {
          const message = `${name}: ${parameter}: is accepted and has no effect`
          unused.push({ pipeline, step, parameter, message })
        }
      } catch (error) {
        faults.push({ pipeline, step, message: namedFault(name, error) })
      }
    }
    pipelines.set(pipeline, { name: pipeline, steps })
  }
  return { pipelines, faults, unused }
}

/** Returns the message of an error after the name of its handler, unless the message begins with that name. */
function namedFault(name: string, error: unknown): string {
  const message = messageOf(error)
  return message.startsWith(`${name}: `) ? message : `${name}: ${message}`
}

function namesOf({ handlers, folder }: PipelineSources): NamedClasses {
  return { named: handlers, folder }
}
