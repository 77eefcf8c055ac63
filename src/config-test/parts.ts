import { dirname, resolve } from 'node:path'
import type { ZodType } from 'zod'
import { checkShape } from '../config/checks/check-shape.ts'
import { Findings, isFatal } from '../config/checks/findings.ts'
import type { Environment } from '../config/documents/interpolate.ts'
import type { ConfigDocument, DocumentPath } from '../config/documents/yaml-document.ts'
import { withoutMarks } from '../config/documents/yaml-scalar.ts'
import { pipelinesOf } from '../config/load/config.ts'
import { loadConfig } from '../config/load/load-config.ts'
import { compileDefinitions, type EventDefinition } from '../distiller/definition.ts'
import { ConfigError } from '../domain/errors.ts'
import { loadPipelines, type Pipeline } from '../pipeline/load-pipelines.ts'
import { compileTriggers, type Trigger } from '../streams/trigger.ts'
import { type PartName, partSchemas } from './test-schema.ts'

/** The configuration that a test runs with. */
export type TestParts = {
  readonly definitions: readonly EventDefinition[]
  readonly triggers: readonly Trigger[]
  readonly pipelines: ReadonlyMap<string, Pipeline>
  readonly purge: boolean
  readonly retries: number
  readonly catchAll: boolean
  /** of the configuration, so that events of long ago join as they would there; wall where no configuration is named */
  readonly clock: 'auto' | 'wall'
}

export type PartSources = {
  readonly document: ConfigDocument
  readonly file: string
  readonly environment: Environment
}

/**
 * Loads the parts of a test. Each part is taken from the test itself, else from its file, else from the
 * configuration that `config` names. Throws ConfigError with all findings when a part is refused.
 *
 * @example
 * const parts = await loadParts({ document, file, environment: process.env }, ['tests', 0])
 * const actual = await runTest(steps, parts, logger)
 */
export async function loadParts(sources: PartSources, test: DocumentPath): Promise<TestParts> {
  const reader = new PartReader(sources, test)
  const folder = dirname(resolve(sources.file))
  const configFile = reader.read('config')
  const config =
    configFile === undefined
      ? undefined
      : await loadConfig(resolve(folder, configFile.value), sources.environment)
  const triggers = reader.read('triggers')
  const definitions = reader.read('event_definitions')
  const inline = reader.read('pipelines')
  const handlers = reader.read('pipeline_handlers')
  const pipelines = inline ? pipelinesOf(inline.value) : (config?.pipelines ?? {})
  const loaded = await loadPipelines({
    pipelines,
    handlers: {
      ...absolute(config?.winchester.pipeline_handlers ?? {}, config?.folder ?? folder),
      ...absolute(handlers?.value ?? {}, folder),
    },
    folder,
  })
  for (const { pipeline, step, message } of loaded.faults) {
    const path = [...(inline?.path ?? []), pipeline, step]
    const position = inline ? undefined : config?.places.step(pipeline, step)
    reader.findings.error('handler', path, message, position ?? sources.document.positionOf(path))
  }
  const parts: TestParts = {
    definitions: definitions
      ? compileDefinitions(definitions.value, reader.findings.reporter(sources.document, definitions.path))
      : (config?.definitions ?? []),
    triggers: triggers
      ? compileTriggers(triggers.value, reader.findings.reporter(sources.document, triggers.path))
      : (config?.triggers ?? []),
    pipelines: loaded.pipelines,
    purge:
      reader.read('purge_completed_streams')?.value ?? config?.winchester.purge_completed_streams ?? false,
    retries: reader.read('pipeline_retries')?.value ?? config?.winchester.pipeline_retries ?? 0,
    catchAll:
      reader.read('catch_all_notifications')?.value ?? config?.winchester.catch_all_notifications ?? false,
    clock: reader.read('clock')?.value ?? config?.winchester.clock ?? 'wall',
  }
  const errors = reader.findings.list.filter(isFatal)
  if (errors.length > 0) throw new ConfigError('the configuration of the test is refused', errors)
  return parts
}

/** Resolves relative module paths against the folder that they were written for. */
function absolute(handlers: { readonly [name: string]: string }, folder: string): { [name: string]: string } {
  return Object.fromEntries(
    Object.entries(handlers).map(([name, path]) => [
      name,
      path.startsWith('.') ? resolve(folder, path) : path,
    ]),
  )
}

type Value<N extends PartName> = (typeof partSchemas)[N] extends ZodType<infer T> ? T : never
type Found<T> = { readonly value: T; readonly path: DocumentPath }

class PartReader {
  readonly findings = new Findings()
  readonly #document: ConfigDocument
  readonly #test: DocumentPath

  constructor({ document }: PartSources, test: DocumentPath) {
    this.#document = document
    this.#test = test
  }

  /** Reads a part from the test or, failing that, from its file. */
  read<N extends PartName>(name: N): Found<Value<N>> | undefined {
    for (const base of [this.#test, []]) {
      const raw = valueAt(this.#document.value, [...base, name])
      if (raw === undefined) continue
      const path = [...base, name]
      const schema = partSchemas[name] as unknown as ZodType<Value<N>>
      const value = checkShape(this.#document, withoutMarks(raw), schema, this.findings, path)
      return value === undefined ? undefined : { value, path }
    }
    return undefined
  }
}

function valueAt(value: unknown, path: DocumentPath): unknown {
  let current = value
  for (const part of path) {
    if (typeof current !== 'object' || current === null) return undefined
    current = (current as { [key: string]: unknown })[String(part)]
  }
  return current
}
