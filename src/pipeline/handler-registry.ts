import { messageOf } from '../domain/errors.ts'
import { isModulePath, loadClass } from '../runtime/load-class.ts'
import { checkParams } from './check-params.ts'
import type { HandlerClass, HandlerParams } from './handler.ts'
import { AtomPubHandler } from './handlers/atompub-handler.ts'
import { ElasticsearchHandler } from './handlers/elasticsearch-handler.ts'
import { ExecHandler } from './handlers/exec-handler.ts'
import { LoggerHandler } from './handlers/logger-handler.ts'
import { NotabeneHandler } from './handlers/notabene-handler.ts'
import { UsageHandler } from './handlers/usage-handler.ts'
import { WebhookHandler } from './handlers/webhook-handler.ts'

/** A handler of a pipeline with its parameters, ready to be made. */
export type PipelineStep = {
  readonly name: string
  readonly handler: HandlerClass
  readonly params: HandlerParams
}

export type Pipeline = { readonly name: string; readonly steps: readonly PipelineStep[] }

/** Handlers that need no module, by short name. */
const BUILT_IN: { readonly [name: string]: HandlerClass } = {
  atompub: AtomPubHandler,
  elasticsearch: ElasticsearchHandler,
  exec: ExecHandler,
  logger: LoggerHandler,
  notabene: NotabeneHandler,
  usage: UsageHandler,
  webhook: WebhookHandler,
}

/** The class paths that old configurations have. */
const CLASS_PATHS: { readonly [classPath: string]: HandlerClass } = {
  'winchester.pipeline_handler:LoggingHandler': LoggerHandler,
  'winchester.pipeline_handler:UsageHandler': UsageHandler,
  'winchester.pipeline_handler:NotabeneHandler': NotabeneHandler,
  'winchester.pipeline_handler:AtomPubHandler': AtomPubHandler,
}

const METHODS = ['handleEvents', 'commit', 'rollback']

type StepConfig = { readonly name: string; readonly params: HandlerParams }

export type PipelineSources = {
  readonly pipelines: { readonly [name: string]: readonly StepConfig[] }
  /** names of handlers and the class paths they stand for: pipeline_handlers */
  readonly handlers: { readonly [name: string]: string }
  /** what the paths of modules start from */
  readonly folder: string
}

/** A handler that a pipeline names and that cannot be used. */
export type HandlerFault = { readonly pipeline: string; readonly step: number; readonly message: string }

export type LoadedPipelines = {
  readonly pipelines: ReadonlyMap<string, Pipeline>
  readonly faults: readonly HandlerFault[]
}

/** A handler that pipeline_handlers names, no pipeline uses and nobody could. */
export type UnusedFault = { readonly handler: string; readonly message: string }

/** What is wrong with handlers that are named and not used. */
export async function unusedHandlerFaults(sources: PipelineSources): Promise<UnusedFault[]> {
  const used = new Set(Object.values(sources.pipelines).flatMap((steps) => steps.map(({ name }) => name)))
  const faults: UnusedFault[] = []
  for (const handler of Object.keys(sources.handlers).filter((name) => !used.has(name))) {
    try {
      await loadHandler(handler, sources)
    } catch (error) {
      faults.push({ handler, message: `${handler}: ${messageOf(error)}` })
    }
  }
  return faults
}

/** The pipelines of a configuration by name, their handlers loaded; those at fault are told and left out. */
export async function loadPipelines(sources: PipelineSources): Promise<LoadedPipelines> {
  const faults: HandlerFault[] = []
  const pipelines = new Map<string, Pipeline>()
  for (const [pipeline, configs] of Object.entries(sources.pipelines)) {
    const steps: PipelineStep[] = []
    for (const [step, { name, params }] of configs.entries()) {
      try {
        const handler = await loadHandler(name, sources)
        checkParams(handler, params)
        steps.push({ name, handler, params })
      } catch (error) {
        faults.push({ pipeline, step, message: `${name}: ${messageOf(error)}` })
      }
    }
    pipelines.set(pipeline, { name: pipeline, steps })
  }
  return { pipelines, faults }
}

async function loadHandler(name: string, { handlers, folder }: PipelineSources): Promise<HandlerClass> {
  const classPath = Object.hasOwn(handlers, name) ? (handlers[name] as string) : name
  const builtIn = { ...BUILT_IN, ...CLASS_PATHS }
  if (Object.hasOwn(builtIn, classPath)) return builtIn[classPath] as HandlerClass
  if (isModulePath(classPath)) return (await loadClass(classPath, folder, METHODS)) as HandlerClass
  const what = classPath === name ? name : `${name} (${classPath})`
  const known = [...Object.keys(handlers), ...Object.keys(BUILT_IN)]
  throw new Error(
    `there is no handler ${what}; known are ${known.join(', ')}, own ones are named as ./my.js:MyHandler`,
  )
}
