import type { EventDefinition } from '../../distiller/definition.ts'
import type { EventDefinitionConfig } from '../../distiller/definition-config.ts'
import type { Finding, Position } from '../../domain/errors.ts'
import type { Trigger } from '../../streams/trigger.ts'
import type { TriggerConfig } from '../../streams/trigger-config.ts'
import type { Expression } from '../../timex/expression.ts'
import type { DocumentPath } from '../documents/yaml-document.ts'
import type { PipelinesConfig } from '../schemas/pipelines-schema.ts'
import type { WinchesterSettings } from '../schemas/winchester-schema.ts'
import type { LogSettings } from './log-settings.ts'
import type { YagiSettings } from './yagi-settings.ts'

/** A step of a pipeline: the name of the handler and its parameters. */
export type HandlerStep = {
  readonly name: string
  readonly params: { readonly [name: string]: unknown }
}

export type Pipelines = { readonly [name: string]: readonly HandlerStep[] }

/** Finds positions in the files of a configuration. */
export type Places = {
  /**
   * Returns the position of a definition, by its index, or of a part of it, by the path that follows the
   * index.
   */
  definition(path: DocumentPath): Position
  trigger(name: string): Position
  /** Returns the position of a step of a pipeline, or of the name of one of its parameters. `step` counts from 0. */
  step(pipeline: string, step: number, parameter?: string): Position
  /** Returns the position of an entry of pipeline_handlers. */
  handler(name: string): Position
}

/** What the files of a configuration say, as it is written there: by this two versions of them are compared. */
export type Written = {
  readonly definitions: readonly EventDefinitionConfig[]
  readonly triggers: readonly TriggerConfig[]
  /** values of yagi.conf by section and key; empty when a winchester.yaml was named directly */
  readonly yagi: { readonly [section: string]: { readonly [key: string]: string } }
}

/** All files of a configuration, read, compiled and checked against each other. */
export type Config = {
  /** the folder of winchester.yaml, to which paths in it are relative */
  readonly folder: string
  readonly winchester: WinchesterSettings
  /** undefined when a winchester.yaml was named directly */
  readonly yagi: YagiSettings | undefined
  /**
   * whether there is a winchester.yaml; without one the database is a file of dead letters, which is made
   * when it is opened
   */
  readonly hasWinchester: boolean
  readonly definitions: readonly EventDefinition[]
  readonly triggers: readonly Trigger[]
  readonly pipelines: Pipelines
  readonly trimEventsAge: Expression
  readonly written: Written
  /** what yagi.conf says about the log of a consumer, and winchester.yaml about that of all daemons */
  readonly logging: { readonly yagi: LogSettings; readonly winchester: LogSettings }
  readonly places: Places
  /** the findings in spite of which the configuration can be used */
  readonly warnings: readonly Finding[]
}

/** Returns the pipelines of a file, with each step in its long form. */
export function pipelinesOf(config: PipelinesConfig): Pipelines {
  return Object.fromEntries(Object.entries(config).map(([name, steps]) => [name, steps.map(handlerStep)]))
}

function handlerStep(step: PipelinesConfig[string][number]): HandlerStep {
  return typeof step === 'string'
    ? { name: step, params: {} }
    : { name: step.name, params: step.params ?? {} }
}
