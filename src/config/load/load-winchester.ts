import { dirname, resolve } from 'node:path'
import { compileDefinitions } from '../../distiller/definition.ts'
import type { Report } from '../../domain/report.ts'
import { logLevelOf } from '../../runtime/log/log-level.ts'
import { parseOrReport } from '../../streams/trait-criterion.ts'
import { compileTriggers } from '../../streams/trigger.ts'
import type { TriggerConfig } from '../../streams/trigger-config.ts'
import type { Expression } from '../../timex/expression.ts'
import { parseTimex } from '../../timex/parser.ts'
import { checkDatabaseUrl } from '../checks/check-database-url.ts'
import { checkOutgoing } from '../checks/check-outgoing.ts'
import { checkPipelineNames } from '../checks/check-pipeline-names.ts'
import { checkTriggers } from '../checks/check-triggers.ts'
import { findOpenSecrets } from '../checks/open-secrets.ts'
import { warnOfDeprecated } from '../checks/warn-of-deprecated.ts'
import { joinLists, type ListFile } from '../documents/joined-lists.ts'
import { type PipelinesConfig, pipelinesSchema } from '../schemas/pipelines-schema.ts'
import { triggersSchema } from '../schemas/triggers-schema.ts'
import { type WinchesterSettings, winchesterSchema } from '../schemas/winchester-schema.ts'
import { type Config, type Places, pipelinesOf } from './config.ts'
import { type ConfigFile, NamedFiles, readConfigFile } from './config-file.ts'
import type { DefinitionFiles } from './definition-files.ts'
import type { LoadContext } from './load-context.ts'
import { joinedLogSettings, type LogSettings, logPath, NO_LOG_SETTINGS } from './log-settings.ts'
import { readLoggingConfig } from './logging-config.ts'
import { knownTraits, loadNamedPlugins, readNamedDefinitions } from './named-definitions.ts'

/** The database for checking the rest of a file that names none. */
const STAND_IN = { database: { url: 'sqlite::memory:' } }

/** Stands in for a faulty age. A configuration with one is not used. */
const EVERYTHING = parseTimex('$timestamp')

/** The files that a winchester.yaml names; undefined for those that cannot be read or parsed. */
type NamedParts = {
  readonly definitions: DefinitionFiles | undefined
  readonly triggers: ListFile<TriggerConfig> | undefined
  readonly pipelines: ConfigFile<PipelinesConfig> | undefined
}

/**
 * Loads a winchester.yaml and the files that it names. Resolves to undefined when nothing of it can be used.
 */
export async function loadWinchester(file: string, context: LoadContext): Promise<Config | undefined> {
  const main = await readConfigFile(file, winchesterSchema, context, STAND_IN)
  if (!main) return undefined
  const folder = resolve(dirname(file))
  const folders = [...main.value.config_path.map((path) => resolve(folder, path)), folder]
  const files = new NamedFiles(main, folders, context)
  const parts: NamedParts = {
    definitions: await readNamedDefinitions(main, files, context),
    triggers: await readTriggers(main.value, files),
    pipelines: await readPipelines(main.value, files),
  }
  const trimEventsAge = parseAge(main, context)
  await checkDatabaseUrl(main, folder, context)
  await checkOutgoing(main, folder, context)
  warnOfDeprecated(main, winchesterSchema, context.findings)
  checkTogether(main.value, parts, context)
  const config = await compile(main, folder, parts, context)
  const whole = { ...config, trimEventsAge: trimEventsAge ?? EVERYTHING }
  if (context.mode === 'check') context.findings.addAll(await context.checkHandlers(whole))
  await findOpenSecrets(main.document, context.findings)
  if (parts.pipelines) await findOpenSecrets(parts.pipelines.document, context.findings)
  if (parts.triggers) await findOpenSecrets(parts.triggers.document, context.findings, 'values')
  return whole
}

/**
 * Parses trim_events_age. An unknown variable makes the configuration unusable: the worker knows $timestamp
 * only.
 */
function parseAge(main: ConfigFile<WinchesterSettings>, context: LoadContext): Expression | undefined {
  const report = reporterOf(main, context)
  const path = ['trim_events_age']
  const fatal: Report = (fault) => report({ ...fault, code: 'time-expression' })
  return parseOrReport(main.value.trim_events_age, path, fatal, ['timestamp'])
}

/** Reads the files of trigger_definitions in order. Resolves to undefined when none can be used. */
async function readTriggers(
  { trigger_definitions: named }: WinchesterSettings,
  files: NamedFiles,
): Promise<ListFile<TriggerConfig> | undefined> {
  const names = typeof named === 'string' ? [named] : (named ?? [])
  const loaded: ListFile<TriggerConfig>[] = []
  for (const [index, name] of names.entries()) {
    const path = ['trigger_definitions', ...(named === name ? [] : [index])]
    const file = await files.parse(path, name, triggersSchema)
    if (file) loaded.push(file)
  }
  const [first, ...others] = loaded
  return first && joinLists([first, ...others])
}

async function readPipelines(
  { pipeline_config: name }: WinchesterSettings,
  files: NamedFiles,
): Promise<ConfigFile<PipelinesConfig> | undefined> {
  return name === undefined ? undefined : files.parse(['pipeline_config'], name, pipelinesSchema)
}

/** Checks the files against each other. */
function checkTogether(
  settings: WinchesterSettings,
  { definitions, triggers, pipelines }: NamedParts,
  context: LoadContext,
): void {
  if (!triggers) return
  const arePipelinesKnown = pipelines !== undefined || !settings.pipeline_config
  if (arePipelinesKnown) checkPipelineNames(triggers, pipelineNames(pipelines), context.findings)
  checkTriggers(triggers.value, knownTraits(definitions), reporterOf(triggers, context))
}

/** Returns the names of the pipelines in a file, including faulty ones. */
function pipelineNames(pipelines: ConfigFile<PipelinesConfig> | undefined): readonly string[] {
  return Object.keys((pipelines?.document.value as object | undefined) ?? {})
}

/** Reads what winchester.yaml says about the log. logging_config goes before log_level and log_file, as it did. */
async function readLogging(
  { value, document }: ConfigFile<WinchesterSettings>,
  folder: string,
  { findings }: LoadContext,
): Promise<LogSettings> {
  const { log_level = '', log_file, logging_config } = value
  const level = logLevelOf(log_level)
  const file = log_file
    ? { path: logPath(folder, log_file), key: 'log_file', position: document.positionOf(['log_file']) }
    : undefined
  if (!logging_config) return { level, file }
  const named = { path: ['logging_config'], position: document.positionOf(['logging_config']) }
  const ofPython = await readLoggingConfig(resolve(folder, logging_config), findings, named)
  return joinedLogSettings(ofPython, { level, file })
}

async function compile(
  main: ConfigFile<WinchesterSettings>,
  folder: string,
  { definitions, triggers, pipelines }: NamedParts,
  context: LoadContext,
): Promise<Omit<Config, 'trimEventsAge'>> {
  const plugins = await loadNamedPlugins(main, folder, context)
  return {
    folder,
    winchester: main.value,
    yagi: undefined,
    hasWinchester: true,
    definitions: compileDefinitions(definitions?.configs ?? [], definitions?.report ?? (() => {}), plugins),
    triggers: compileTriggers(triggers?.value ?? [], reporterOf(triggers, context)),
    pipelines: pipelinesOf(pipelines?.value ?? {}),
    written: { definitions: definitions?.configs ?? [], triggers: triggers?.value ?? [], yagi: {} },
    logging: { winchester: await readLogging(main, folder, context), yagi: NO_LOG_SETTINGS },
    places: placesOf(main, { definitions, triggers, pipelines }),
    warnings: [],
  }
}

function reporterOf(file: ConfigFile<unknown> | undefined, { findings }: LoadContext): Report {
  return file ? findings.reporter(file.document) : () => {}
}

function placesOf(main: ConfigFile<unknown>, { definitions, triggers, pipelines }: NamedParts): Places {
  return {
    definition: (path) => (definitions ? definitions.positionOf(path) : main.document.positionOf([])),
    trigger: (name) => {
      const index = triggers?.value.findIndex((trigger) => trigger.name === name) ?? -1
      return (triggers ?? main).document.positionOf(index < 0 ? [] : [index])
    },
    step(pipeline, step, parameter) {
      const { document } = pipelines ?? main
      const path = pipelines ? [pipeline, step] : []
      if (parameter === undefined) return document.positionOf(path)
      return document.keyPositionOf([...path, 'params', parameter])
    },
    handler: (name) => main.document.positionOf(['pipeline_handlers', name]),
  }
}
