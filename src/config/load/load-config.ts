import { access } from 'node:fs/promises'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import type { ZodType } from 'zod'
import { compileDefinitions, DEFAULT_TRAITS, type EventDefinition } from '../../distiller/definition.ts'
import { BUILT_IN_PLUGINS, PLUGIN_CLASS_PATHS } from '../../distiller/plugins/built-in.ts'
import type { TraitPluginClass, TraitPlugins } from '../../distiller/trait-plugin.ts'
import { ConfigError, messageOf, type Position, type Problem } from '../../domain/errors.ts'
import { loadClass } from '../../runtime/load-class.ts'
import { readTlsFiles, type TlsFiles } from '../../runtime/tls-files.ts'
import { parseOrReport } from '../../streams/trait-criterion.ts'
import { compileTriggers, type Trigger } from '../../streams/trigger.ts'
import type { TriggerConfig } from '../../streams/trigger-config.ts'
import { didYouMean } from '../../text/suggest.ts'
import type { Expression } from '../../timex/expression.ts'
import { parseTimex } from '../../timex/parser.ts'
import { checkShape } from '../checks/check-shape.ts'
import { checkTriggers } from '../checks/check-triggers.ts'
import { findOpenSecrets } from '../checks/open-secrets.ts'
import { isFatal, Problems } from '../checks/problems.ts'
import { salvageShape } from '../checks/salvage-shape.ts'
import { parseIniDocument } from '../documents/ini-document.ts'
import { IniReader } from '../documents/ini-reader.ts'
import type { Environment } from '../documents/interpolate.ts'
import { interpolateDocument } from '../documents/interpolate-document.ts'
import { joinLists, type ListFile } from '../documents/joined-lists.ts'
import { readConfigText } from '../documents/read-config-text.ts'
import {
  type ConfigDocument,
  type DocumentPath,
  memberOf,
  parseYamlDocument,
} from '../documents/yaml-document.ts'
import { type PipelinesConfig, pipelinesSchema } from '../schemas/pipelines-schema.ts'
import { triggersSchema } from '../schemas/triggers-schema.ts'
import { type WinchesterSettings, winchesterSchema } from '../schemas/winchester-schema.ts'
import type { AppSettings } from './app-settings.ts'
import { type DefinitionFiles, readDefinitionFiles } from './definition-files.ts'
import { loadDefinitions } from './load-definitions.ts'
import { makeOwnApp } from './own-app.ts'
import { databaseAddress, databaseUrlFault } from './server-url.ts'
import { readYagiSettings, type YagiSettings } from './yagi-settings.ts'

/** A handler of a pipeline, by name, with its parameters. */
export type HandlerStep = {
  readonly name: string
  readonly params: { readonly [name: string]: unknown }
}

export type Pipelines = { readonly [name: string]: readonly HandlerStep[] }

/** Where things stand in the files of a configuration. */
export type Places = {
  /** of a definition, by its index, or of a part of it, by the path from there */
  definition(path: DocumentPath): Position
  trigger(name: string): Position
}

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
  readonly places: Places
  /** what is wrong with it, and does not keep it from being used */
  readonly warnings: readonly Problem[]
}

/** What `check` tells: every problem, and the configuration when it can be used. */
export type CheckedConfig = { readonly problems: readonly Problem[]; readonly config: Config | undefined }

/** Keys of winchester.yaml that change nothing here. */
const UNUSED_KEYS: readonly DocumentPath[] = [['log_file'], ['logging_config'], ['database', 'echo_sql']]

/** Loads a `winchester.yaml`, or a `yagi.conf` or `quincy.conf` that names one. Throws ConfigError, with all its problems, when it cannot be used. */
export async function loadConfig(file: string, environment: Environment): Promise<Config> {
  const { config, problems } = await checkConfig(file, environment)
  if (config) return config
  throw new ConfigError(`the configuration ${file} cannot be used`, problems.filter(isFatal))
}

/** A handler at its place in a pipeline, or one that pipeline_handlers names and no pipeline uses. */
type FaultyHandler = { readonly message: string } & (
  | { readonly pipeline: string; readonly step: number }
  | { readonly handler: string }
)

/** Tells what is wrong with handlers. */
export type CheckHandlers = (config: Config) => Promise<readonly FaultyHandler[]>

/** Reads everything and collects every problem. Rejects only when the file itself cannot be read. */
export async function checkConfig(
  file: string,
  environment: Environment,
  checkHandlers?: CheckHandlers,
): Promise<CheckedConfig> {
  const problems = new Problems()
  const loader = new Loader(environment, problems, checkHandlers)
  const config = /\.(ya?ml)$/.test(file) ? await loader.winchester(file) : await loader.yagi(file)
  const usable = !problems.list.some(isFatal)
  return {
    problems: problems.list,
    config: usable && config ? { ...config, warnings: problems.list } : undefined,
  }
}

/** A database for checking the rest of a file that names none. */
const STAND_IN = { database: { url: 'sqlite::memory:' } }

/** An age that is no age; such a configuration is not used. */
const EVERYTHING = parseTimex('$timestamp')

type LoadedFile<T> = { readonly document: ConfigDocument; readonly value: T }

/** Keys of quincy.conf; those of [global] change nothing here. */
const QUINCY_KEYS = { global: ['enabled_versions', 'v1_impl', 'v2_impl'], quince: ['winchester_config'] }

/** A path that is relative to a folder, unless it is absolute. */
function beside(folder: string, path: string): string {
  return isAbsolute(path) ? path : join(folder, path)
}

class Loader {
  readonly #environment: Environment
  readonly #problems: Problems
  readonly #checkHandlers: CheckHandlers | undefined

  constructor(environment: Environment, problems: Problems, checkHandlers: CheckHandlers | undefined) {
    this.#environment = environment
    this.#problems = problems
    this.#checkHandlers = checkHandlers
  }

  async yagi(file: string): Promise<Config | undefined> {
    const sections = parseIniDocument(await readConfigText(file), file)
    const ini = new IniReader(sections, this.#environment, this.#problems)
    if (ini.has('quince')) return this.#quincy(file, ini)
    const yagi = readYagiSettings(ini)
    if (!yagi.winchesterConfig) {
      throw new ConfigError(
        `${file} names no winchester.yaml: expected config_file in a section [winchester]`,
      )
    }
    const folder = dirname(file)
    const config = await this.winchester(beside(folder, yagi.winchesterConfig))
    const absolute = withAbsoluteFolders(yagi, folder)
    await this.#checkApps(absolute, ini)
    return config && { ...config, yagi: absolute }
  }

  /** `quincy.conf` of old deployments: all it is needed for is the name of the winchester.yaml. */
  #quincy(file: string, ini: IniReader): Promise<Config | undefined> {
    ini.checkNames(QUINCY_KEYS, [])
    const named = ini.text('quince', 'winchester_config')
    if (!named)
      throw new ConfigError(`${file} names no winchester.yaml: expected winchester_config in [quince]`)
    return this.winchester(beside(dirname(file), named))
  }

  async winchester(file: string): Promise<Config | undefined> {
    const main = this.#parse(file, await readConfigText(file), winchesterSchema, STAND_IN)
    if (!main) return undefined
    const settings = main.value
    const folder = resolve(dirname(file))
    const folders = [...settings.config_path.map((path) => resolve(folder, path)), folder]
    const definitions = await this.#definitions(main, folders)
    const triggers = await this.#triggers(main, folders)
    const pipelines = await this.#pipelines(main, folders)
    const trimEventsAge = parseOrReport(
      settings.trim_events_age,
      ['trim_events_age'],
      this.#problems.reporter(main.document),
    )
    await this.#checkDatabaseUrl(main, folder)
    this.#warnOfUnused(main)
    const pipelinesAreKnown = pipelines !== undefined || !settings.pipeline_config
    if (triggers && pipelinesAreKnown) this.#checkPipelineNames(triggers, pipelineNames(pipelines))
    if (triggers) checkTriggers(triggers.value, knownTraits(definitions), this.#reporter(triggers))
    const plugins = await this.#plugins(main, folder)
    const config: Config = {
      folder,
      winchester: settings,
      yagi: undefined,
      definitions: compileDefinitions(definitions?.configs ?? [], definitions?.report ?? (() => {}), plugins),
      triggers: compileTriggers(triggers?.value ?? [], this.#reporter(triggers)),
      pipelines: pipelinesOf(pipelines?.value ?? {}),
      trimEventsAge: trimEventsAge ?? EVERYTHING,
      places: placesOf(main, definitions, triggers),
      warnings: [],
    }
    await this.#checkHandlersOf(config, main, pipelines)
    if (pipelines) await findOpenSecrets(pipelines.document, [], this.#problems)
    await findOpenSecrets(main.document, ['api'], this.#problems)
    return config
  }

  /** Only where everything is checked: a daemon makes the apps that it runs, and no others. */
  async #checkApps({ queues }: YagiSettings, ini: IniReader): Promise<void> {
    if (!this.#checkHandlers) return
    for (const { queue, apps } of queues) {
      for (const app of apps) {
        const fault = await faultOf(app, this.#environment)
        if (fault !== undefined) ini.problem(`consumer:${queue}`, 'apps', fault)
      }
    }
  }

  async #checkHandlersOf(
    config: Config,
    main: LoadedFile<WinchesterSettings>,
    pipelines: LoadedFile<PipelinesConfig> | undefined,
  ): Promise<void> {
    for (const fault of (await this.#checkHandlers?.(config)) ?? []) {
      // Without effect: nothing runs it.
      const [file, path, severity] =
        'handler' in fault
          ? ([main, ['pipeline_handlers', fault.handler], 'warning'] as const)
          : ([pipelines, [fault.pipeline, fault.step], 'error'] as const)
      const position = file?.document.positionOf(path)
      if (position) this.#problems.add({ severity, code: 'handler', path, message: fault.message, position })
    }
  }

  /** The plugins that distiller_trait_plugins names. */
  async #plugins(main: LoadedFile<WinchesterSettings>, folder: string): Promise<TraitPlugins> {
    const plugins: { [name: string]: TraitPluginClass } = {}
    for (const [name, classPath] of Object.entries(main.value.distiller_trait_plugins)) {
      const path = ['distiller_trait_plugins', name]
      const normalized = classPath.replace(/\.(\w+)$/, ':$1')
      const known =
        PLUGIN_CLASS_PATHS[classPath] ?? PLUGIN_CLASS_PATHS[normalized] ?? BUILT_IN_PLUGINS[classPath]
      try {
        plugins[name] = known ?? ((await loadClass(classPath, folder, ['traitValue'])) as TraitPluginClass)
      } catch (error) {
        this.#problems.error('plugin', path, messageOf(error), main.document.positionOf(path))
      }
    }
    return plugins
  }

  async #checkDatabaseUrl(
    { document, value }: LoadedFile<WinchesterSettings>,
    folder: string,
  ): Promise<void> {
    const { url } = value.database
    const path = ['database', 'url']
    const position = document.positionOf(path)
    const parsed = databaseAddress(url)
    const fault = databaseUrlFault(url) ?? (await this.#tlsFault(parsed?.address.tls, folder))
    if (fault) this.#problems.error('url', path, `url: ${fault}`, position)
    for (const unused of parsed?.unused ?? []) {
      const message = `url: ${unused}`
      this.#problems.add({ severity: 'warning', code: 'unused', path, message, position })
    }
  }

  /** Only where everything is checked: what tests a configuration elsewhere need not have its certificates. */
  async #tlsFault(files: TlsFiles | undefined, folder: string): Promise<string | undefined> {
    if (!files || !this.#checkHandlers) return undefined
    return readTlsFiles(files, folder).then(() => undefined, messageOf)
  }

  #warnOfUnused({ document, value }: LoadedFile<WinchesterSettings>): void {
    for (const path of UNUSED_KEYS) {
      if (memberOf(value, path) === undefined) continue
      const message = `${path.at(-1)}: is accepted and has no effect`
      const position = document.keyPositionOf(path)
      this.#problems.add({ severity: 'warning', code: 'unused', path, message, position })
    }
  }

  #reporter(loaded: LoadedFile<unknown> | undefined) {
    return loaded ? this.#problems.reporter(loaded.document) : () => {}
  }

  /** All that distiller_config names, each where it is found first; undefined when it names nothing. */
  async #definitions(
    main: LoadedFile<WinchesterSettings>,
    folders: readonly string[],
  ): Promise<DefinitionFiles | undefined> {
    const { distiller_config: named } = main.value
    if (named === undefined) return undefined
    const names = typeof named === 'string' ? [named] : named
    const found: string[] = []
    for (const [index, name] of names.entries()) {
      const path = name && (await firstThere(folders.map((folder) => resolve(folder, name))))
      if (path) found.push(relativeTo(path))
      else this.#missing(main, ['distiller_config', ...(named === name ? [] : [index])], name, folders)
    }
    try {
      const files = await readDefinitionFiles(found, this.#environment, this.#problems)
      return found.length < names.length ? { ...files, traitNames: undefined } : files
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      const path = ['distiller_config']
      this.#problems.error('missing-file', path, error.message, main.document.positionOf(path))
      return undefined
    }
  }

  #missing(
    { document }: LoadedFile<unknown>,
    path: DocumentPath,
    name: string,
    folders: readonly string[],
  ): void {
    const message = `${path[0]}: ${name} is not in ${[...new Set(folders)].join(' or ')}`
    this.#problems.error('missing-file', path, message, document.positionOf(path))
  }

  /** All that trigger_definitions names, one after the other; undefined when there is nothing to be used. */
  async #triggers(
    main: LoadedFile<WinchesterSettings>,
    folders: readonly string[],
  ): Promise<ListFile<TriggerConfig> | undefined> {
    const { trigger_definitions: named } = main.value
    const names = typeof named === 'string' ? [named] : (named ?? [])
    const loaded: ListFile<TriggerConfig>[] = []
    for (const [index, name] of names.entries()) {
      const path = ['trigger_definitions', ...(named === name ? [] : [index])]
      const file = await this.#named(main, folders, { path, name, schema: triggersSchema })
      if (file) loaded.push(file)
    }
    const [first, ...others] = loaded
    return first && joinLists([first, ...others])
  }

  async #pipelines(
    main: LoadedFile<WinchesterSettings>,
    folders: readonly string[],
  ): Promise<LoadedFile<PipelinesConfig> | undefined> {
    const { pipeline_config: name } = main.value
    if (name === undefined) return undefined
    return this.#named(main, folders, { path: ['pipeline_config'], name, schema: pipelinesSchema })
  }

  /** A file that winchester.yaml names, where it is found first; undefined when it is missing or faulty. */
  async #named<T>(
    main: LoadedFile<WinchesterSettings>,
    folders: readonly string[],
    { path: place, name, schema }: { path: DocumentPath; name: string; schema: ZodType<T> },
  ): Promise<LoadedFile<T> | undefined> {
    const texts = await Promise.all(
      folders.map(async (folder) => {
        const path = relativeTo(resolve(folder, name))
        return readConfigText(path).then(
          (text) => ({ path, text }),
          () => undefined,
        )
      }),
    )
    const found = texts.find((candidate) => candidate !== undefined)
    if (found) return this.#parse(found.path, found.text, schema)
    this.#missing(main, place, name, folders)
    return undefined
  }

  /** What can be used of a file; its faults are among the problems then. */
  #parse<T>(file: string, text: string, schema: ZodType<T>, required?: object): LoadedFile<T> | undefined {
    try {
      const document = parseYamlDocument(text, file)
      this.#problems.warnOfRepeatedKeys(document)
      const raw = interpolateDocument(document, this.#environment, this.#problems)
      const value = checkShape(document, raw, schema, this.#problems)
      return value === undefined ? salvageShape(document, raw, schema, required) : { document, value }
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      this.#problems.addAll(error.problems)
      return undefined
    }
  }

  #checkPipelineNames(
    {
      document,
      value,
    }: LoadedFile<
      readonly { fire_pipeline?: string | null | undefined; expire_pipeline?: string | null | undefined }[]
    >,
    known: readonly string[],
  ): void {
    value.forEach((trigger, index) => {
      for (const key of ['fire_pipeline', 'expire_pipeline'] as const) {
        const name = trigger[key]
        if (!name || known.includes(name)) continue
        const message = `${key}: there is no pipeline ${JSON.stringify(name)}${didYouMean(name, known)}`
        this.#problems.error('unknown-pipeline', [index, key], message, document.positionOf([index, key]))
      }
    })
  }
}

/** The first of some paths at which there is a file or a folder. */
async function firstThere(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    const isThere = await access(path).then(
      () => true,
      () => false,
    )
    if (isThere) return path
  }
  return undefined
}

function placesOf(
  main: LoadedFile<unknown>,
  definitions: DefinitionFiles | undefined,
  triggers: LoadedFile<readonly { readonly name: string }[]> | undefined,
): Places {
  return {
    definition: (path) => (definitions ? definitions.positionOf(path) : main.document.positionOf([])),
    trigger: (name) => {
      const index = triggers?.value.findIndex((trigger) => trigger.name === name) ?? -1
      return (triggers ?? main).document.positionOf(index < 0 ? [] : [index])
    },
  }
}

/** The traits that some definition makes; undefined where that cannot be told. */
function knownTraits(definitions: DefinitionFiles | undefined): Set<string> | undefined {
  if (!definitions?.traitNames) return undefined
  return new Set([...Object.keys(DEFAULT_TRAITS), ...definitions.traitNames])
}

/** The pipelines that a file has, faulty ones included. */
function pipelineNames(pipelines: LoadedFile<PipelinesConfig> | undefined): readonly string[] {
  return Object.keys((pipelines?.document.value as object | undefined) ?? {})
}

/** The pipelines of a file, each step in its long form. */
export function pipelinesOf(config: PipelinesConfig): Pipelines {
  return Object.fromEntries(Object.entries(config).map(([name, steps]) => [name, steps.map(handlerStep)]))
}

function handlerStep(step: PipelinesConfig[string][number]): HandlerStep {
  return typeof step === 'string'
    ? { name: step, params: {} }
    : { name: step.name, params: step.params ?? {} }
}

function withAbsoluteFolders(yagi: YagiSettings, folder: string): YagiSettings {
  const queues = yagi.queues.map((queue) => ({
    ...queue,
    apps: queue.apps.map((app) => withAbsoluteFiles(app, folder)),
    archive: queue.archive && {
      ...queue.archive,
      workingDirectory: resolve(folder, queue.archive.workingDirectory),
      destinationFolder: resolve(folder, queue.archive.destinationFolder),
    },
  }))
  return { ...yagi, queues }
}

/** Why an app cannot be made; undefined where it can. */
async function faultOf(app: AppSettings, environment: Environment): Promise<string | undefined> {
  try {
    if (app.kind === 'own') await makeOwnApp(app)
    if (app.kind === 'elasticsearch' && app.server.distillerConfig) {
      await loadDefinitions(app.server.distillerConfig, environment)
    }
    return undefined
  } catch (error) {
    return messageOf(error)
  }
}

function withAbsoluteFiles(app: AppSettings, folder: string): AppSettings {
  if (app.kind === 'own') return { ...app, classPath: resolve(folder, app.classPath) }
  if (app.kind !== 'elasticsearch' || !app.server.distillerConfig) return app
  return { ...app, server: { ...app.server, distillerConfig: resolve(folder, app.server.distillerConfig) } }
}

/** Messages name files as short as the reader's place allows. */
function relativeTo(path: string): string {
  const here = `${process.cwd()}/`
  return path.startsWith(here) ? path.slice(here.length) : path
}
