import { readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { ZodType } from 'zod'
import { compileDefinitions, type EventDefinition } from '../distiller/definition.ts'
import { ConfigError, messageOf, type Problem } from '../domain/errors.ts'
import { parseOrReport } from '../streams/trait-criterion.ts'
import { compileTriggers, type Trigger } from '../streams/trigger.ts'
import type { Expression } from '../timex/expression.ts'
import { checkShape } from './check-shape.ts'
import { parseIniDocument } from './ini-document.ts'
import { IniReader } from './ini-reader.ts'
import { type Environment, interpolate } from './interpolate.ts'
import { Problems } from './problems.ts'
import { eventDefinitionsSchema } from './schemas/event-definitions-schema.ts'
import { type PipelinesConfig, pipelinesSchema } from './schemas/pipelines-schema.ts'
import { triggersSchema } from './schemas/triggers-schema.ts'
import { type WinchesterSettings, winchesterSchema } from './schemas/winchester-schema.ts'
import { didYouMean } from './suggest.ts'
import { readYagiSettings, type YagiSettings } from './yagi-settings.ts'
import { type ConfigDocument, type DocumentPath, parseYamlDocument } from './yaml-document.ts'

/** A handler of a pipeline, by name, with its parameters. */
export type HandlerStep = {
  readonly name: string
  readonly params: { readonly [name: string]: unknown }
}

export type Pipelines = { readonly [name: string]: readonly HandlerStep[] }

/** All files of a configuration, read, compiled and checked against each other. */
export type Config = {
  /** where winchester.yaml is: what relative paths in it start from */
  readonly folder: string
  readonly winchester: WinchesterSettings
  /** undefined when a winchester.yaml was named directly */
  readonly yagi: YagiSettings | undefined
  readonly definitions: readonly EventDefinition[]
  readonly triggers: readonly Trigger[]
  readonly pipelines: Pipelines
  readonly trimEventsAge: Expression
  readonly warnings: readonly Problem[]
}

/** What `check` tells: every problem, and the configuration when it can be used. */
export type CheckedConfig = { readonly problems: readonly Problem[]; readonly config: Config | undefined }

/** Findings that do not keep a daemon from running. */
const TOLERATED = new Set(['unknown-pipeline'])

/** Loads a `winchester.yaml` or a `yagi.conf`. Throws ConfigError, with all its problems, when it cannot be used. */
export async function loadConfig(file: string, environment: Environment): Promise<Config> {
  const { config, problems } = await checkConfig(file, environment)
  if (config) return config
  throw new ConfigError(`the configuration ${file} cannot be used`, problems.filter(isError))
}

/** Reads everything and collects every problem. Rejects only when the file itself cannot be read. */
export async function checkConfig(file: string, environment: Environment): Promise<CheckedConfig> {
  const problems = new Problems()
  const loader = new Loader(environment, problems)
  const config = /\.(ya?ml)$/.test(file) ? await loader.winchester(file) : await loader.yagi(file)
  const usable = !problems.list.some((problem) => isError(problem) && !TOLERATED.has(problem.code))
  return { problems: problems.list, config: usable ? config : undefined }
}

function isError(problem: Problem): boolean {
  return problem.severity === 'error'
}

type LoadedFile<T> = { readonly document: ConfigDocument; readonly value: T }

class Loader {
  readonly #environment: Environment
  readonly #problems: Problems

  constructor(environment: Environment, problems: Problems) {
    this.#environment = environment
    this.#problems = problems
  }

  async yagi(file: string): Promise<Config | undefined> {
    const sections = parseIniDocument(await readText(file), file)
    const ini = new IniReader(sections, this.#environment, this.#problems)
    const yagi = readYagiSettings(ini)
    if (!yagi.winchesterConfig) {
      throw new ConfigError(
        `${file} names no winchester.yaml: expected config_file in a section [winchester]`,
      )
    }
    const folder = dirname(file)
    const config = await this.winchester(join(folder, yagi.winchesterConfig))
    return config && { ...config, yagi: withAbsoluteFolders(yagi, folder) }
  }

  async winchester(file: string): Promise<Config | undefined> {
    const main = await this.#document(file, winchesterSchema)
    if (!main) return undefined
    const settings = main.value
    const folder = resolve(dirname(file))
    const folders = [...settings.config_path.map((path) => resolve(folder, path)), folder]
    const definitions = await this.#optional(main, folders, 'distiller_config', eventDefinitionsSchema)
    const triggers = await this.#optional(main, folders, 'trigger_definitions', triggersSchema)
    const pipelines = await this.#optional(main, folders, 'pipeline_config', pipelinesSchema)
    const trimEventsAge = parseOrReport(
      settings.trim_events_age,
      ['trim_events_age'],
      this.#problems.reporter(main.document),
    )
    if (triggers) this.#checkPipelineNames(triggers, pipelines?.value ?? {})
    if (!trimEventsAge) return undefined
    return {
      folder,
      winchester: settings,
      yagi: undefined,
      definitions: compileDefinitions(definitions?.value ?? [], this.#reporter(definitions)),
      triggers: compileTriggers(triggers?.value ?? [], this.#reporter(triggers)),
      pipelines: Object.fromEntries(
        Object.entries(pipelines?.value ?? {}).map(([name, steps]) => [name, steps.map(handlerStep)]),
      ),
      trimEventsAge,
      warnings: this.#problems.list.filter((problem) => !isError(problem)),
    }
  }

  #reporter(loaded: LoadedFile<unknown> | undefined) {
    return loaded ? this.#problems.reporter(loaded.document) : () => {}
  }

  /** A file that winchester.yaml names, where it is found first; undefined when it names none or it is faulty. */
  async #optional<T>(
    main: LoadedFile<WinchesterSettings>,
    folders: readonly string[],
    key: 'distiller_config' | 'trigger_definitions' | 'pipeline_config',
    schema: ZodType<T>,
  ): Promise<LoadedFile<T> | undefined> {
    const name = main.value[key]
    if (name === undefined) return undefined
    const texts = await Promise.all(
      folders.map(async (folder) => {
        const path = relativeTo(resolve(folder, name))
        return readText(path).then(
          (text) => ({ path, text }),
          () => undefined,
        )
      }),
    )
    const found = texts.find((candidate) => candidate !== undefined)
    if (found) return this.#parse(found.path, found.text, schema)
    const message = `${key}: ${name} is not in ${[...new Set(folders)].join(' or ')}`
    this.#problems.error('missing-file', [key], message, main.document.positionOf([key]))
    return undefined
  }

  async #document<T>(file: string, schema: ZodType<T>): Promise<LoadedFile<T> | undefined> {
    return this.#parse(file, await readText(file), schema)
  }

  #parse<T>(file: string, text: string, schema: ZodType<T>): LoadedFile<T> | undefined {
    try {
      const document = parseYamlDocument(text, file)
      const value = checkShape(
        document,
        this.#interpolated(document, document.value, []),
        schema,
        this.#problems,
      )
      return value === undefined ? undefined : { document, value }
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      this.#problems.addAll(error.problems)
      return undefined
    }
  }

  #interpolated(document: ConfigDocument, value: unknown, path: DocumentPath): unknown {
    if (typeof value === 'string') {
      return interpolate(value, this.#environment, (name) => {
        const message = `the environment variable ${name} is not set`
        this.#problems.error('environment', path, message, document.positionOf(path))
      })
    }
    if (Array.isArray(value)) {
      return value.map((item, index) => this.#interpolated(document, item, [...path, index]))
    }
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, this.#interpolated(document, item, [...path, key])]),
    )
  }

  #checkPipelineNames(
    {
      document,
      value,
    }: LoadedFile<readonly { fire_pipeline?: string | undefined; expire_pipeline?: string | undefined }[]>,
    pipelines: PipelinesConfig,
  ): void {
    const known = Object.keys(pipelines)
    value.forEach((trigger, index) => {
      for (const key of ['fire_pipeline', 'expire_pipeline'] as const) {
        const name = trigger[key]
        if (name === undefined || known.includes(name)) continue
        const message = `${key}: there is no pipeline ${JSON.stringify(name)}${didYouMean(name, known)}`
        this.#problems.error('unknown-pipeline', [index, key], message, document.positionOf([index, key]))
      }
    })
  }
}

function handlerStep(step: PipelinesConfig[string][number]): HandlerStep {
  return typeof step === 'string'
    ? { name: step, params: {} }
    : { name: step.name, params: step.params ?? {} }
}

function withAbsoluteFolders(yagi: YagiSettings, folder: string): YagiSettings {
  const { archive } = yagi
  if (!archive) return yagi
  return {
    ...yagi,
    archive: {
      ...archive,
      workingDirectory: resolve(folder, archive.workingDirectory),
      destinationFolder: resolve(folder, archive.destinationFolder),
    },
  }
}

/** Messages name files as short as the reader's place allows. */
function relativeTo(path: string): string {
  const here = `${process.cwd()}/`
  return path.startsWith(here) ? path.slice(here.length) : path
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new ConfigError(`cannot read the configuration ${file}: ${messageOf(error)}`)
  }
}
