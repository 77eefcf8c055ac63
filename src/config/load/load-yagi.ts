import { access, constants } from 'node:fs/promises'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { CALLBACKS } from '../../archive/callbacks/callback-registry.ts'
import { APPS } from '../../consumer/apps/app-registry.ts'
import type { AppValues } from '../../consumer/apps/built-in-app.ts'
import { ConfigError, messageOf, type Position } from '../../domain/errors.ts'
import { isModulePath } from '../../runtime/load-class.ts'
import { readTlsFiles } from '../../runtime/tls-files.ts'
import { openKeyFault } from '../checks/open-key-file.ts'
import { findOpenSecretsOfIni } from '../checks/open-secrets.ts'
import { type IniSection, parseIniDocument } from '../documents/ini-document.ts'
import { IniReader } from '../documents/ini-reader.ts'
import { readSection } from '../documents/ini-section.ts'
import { readConfigText } from '../documents/read-config-text.ts'
import { QUINCY_SECTIONS, YAGI, YAGI_SECTIONS } from '../schemas/yagi-schema.ts'
import type { AppSettings } from './app-settings.ts'
import type { ArchiveSettings } from './archive-settings.ts'
import type { BrokerSettings } from './broker-settings.ts'
import type { Config, Written } from './config.ts'
import type { LoadContext } from './load-context.ts'
import { loadDefinitions } from './load-definitions.ts'
import { loadWinchester } from './load-winchester.ts'
import { joinedLogSettings, type LogSettings, logPath, readLogLevel } from './log-settings.ts'
import { readLoggingConfig } from './logging-config.ts'
import { withoutWinchester } from './without-winchester.ts'
import { readYagiSettings, type YagiSettings } from './yagi-settings.ts'

type Sections = ReadonlyMap<string, IniSection>

/**
 * Loads a yagi.conf or quincy.conf and the winchester.yaml that it names. A yagi.conf need not name one.
 */
export async function loadYagi(file: string, context: LoadContext): Promise<Config | undefined> {
  const { findings } = context
  const sections = parseIniDocument(await readConfigText(file), file, (section, key, position) => {
    const message = `${key}: stands in [${section}] again; only the last one counts`
    findings.add({ severity: 'warning', code: 'repeated-key', path: [section, key], message, position })
  })
  await findOpenSecretsOfIni(sections, YAGI_SECTIONS, context.findings)
  const ini = new IniReader(file, sections, context.environment, context.findings)
  if (ini.has('quince')) return loadQuincy(file, ini, context)
  const folder = dirname(file)
  const yagi = withAbsolutePaths(readYagiSettings(ini), folder)
  const config = yagi.winchesterConfig
    ? await loadNamed(beside(folder, yagi.winchesterConfig), ini, context)
    : withoutWinchester(file, folder, yagi, ini)
  if (context.mode === 'check') {
    await checkApps(yagi, ini, context)
    await checkCallbacks(yagi, ini)
    await checkBrokerTls(yagi, ini)
  }
  if (!config) return undefined
  const logging = { ...config.logging, yagi: await readYagiLogging(ini, sections, folder, context) }
  return { ...config, yagi, logging, written: { ...config.written, yagi: writtenOf(sections) } }
}

/** Returns the values of a file by section and key. */
function writtenOf(sections: Sections): Written['yagi'] {
  const entriesOf = ({ entries }: IniSection) => [...entries].map(([key, { value }]) => [key, value] as const)
  return Object.fromEntries(
    [...sections].map(([name, section]) => [name, Object.fromEntries(entriesOf(section))]),
  )
}

/** Reads what [logging] says. config_file goes before default_level and logfile, as logging_config does. */
async function readYagiLogging(
  ini: IniReader,
  sections: Sections,
  folder: string,
  { findings }: LoadContext,
): Promise<LogSettings> {
  const { logfile, default_level, config_file } = readSection(ini, YAGI.LOGGING, () => 'logging')
  const level = readLogLevel('default_level', default_level, (message) =>
    ini.report('logging', 'default_level', message, 'warning'),
  )
  const positionOf = (key: string) => sections.get('logging')?.entries.get(key)?.position as Position
  const file = logfile
    ? { path: logPath(resolve(folder), logfile), key: 'logfile', position: positionOf('logfile') }
    : undefined
  if (!config_file) return { level, file }
  const named = { path: ['logging', 'config_file'], position: positionOf('config_file') }
  const ofPython = await readLoggingConfig(resolve(folder, config_file), findings, named)
  return joinedLogSettings(ofPython, { level, file })
}

/** Loads the winchester.yaml that a yagi.conf names. A file that cannot be read is a finding about its key. */
async function loadNamed(file: string, ini: IniReader, context: LoadContext): Promise<Config | undefined> {
  const fault = await access(file, constants.R_OK).then(() => undefined, messageOf)
  if (fault === undefined) return loadWinchester(file, context)
  ini.report('winchester', 'config_file', `config_file: cannot read ${file}: ${fault}`)
  return undefined
}

/**
 * Loads the winchester.yaml that a quincy.conf of an old deployment names. Nothing else of such a file is
 * used.
 */
function loadQuincy(file: string, ini: IniReader, context: LoadContext): Promise<Config | undefined> {
  ini.checkNames(QUINCY_SECTIONS, [], [])
  const named = ini.text('quince', 'winchester_config')
  if (!named)
    throw new ConfigError(`${file} names no winchester.yaml: expected winchester_config in [quince]`)
  return loadWinchester(beside(dirname(file), named), context)
}

/** Returns a path joined to a folder, unless the path is absolute. */
function beside(folder: string, path: string): string {
  return isAbsolute(path) ? path : join(folder, path)
}

/** Finds certificates for the broker that cannot be used, and a key that others can read. */
async function checkBrokerTls({ broker }: YagiSettings, ini: IniReader): Promise<void> {
  const files = { ca: broker.caFile, cert: broker.certFile, key: broker.keyFile }
  const fault = await readTlsFiles(files, '/').then(() => undefined, messageOf)
  const key = (['ca_file', 'cert_file', 'key_file'] as const).find((name) => ini.isSet('rabbit_broker', name))
  if (fault !== undefined && key) ini.report('rabbit_broker', key, `${key}: ${fault}`)
  const openKey = broker.keyFile && (await openKeyFault(broker.keyFile))
  if (openKey) ini.report('rabbit_broker', 'key_file', `key_file: ${openKey}`, 'warning')
}

/** Finds callbacks of archives that could not be made. Loads the modules of own ones but makes no instances. */
async function checkCallbacks({ queues }: YagiSettings, ini: IniReader): Promise<void> {
  const names = new Set(queues.flatMap(({ archive }) => archive?.callbacks ?? []))
  for (const name of [...names].filter(isModulePath)) {
    const fault = await CALLBACKS.loadOwn(name, '').then(() => undefined, messageOf)
    if (fault !== undefined) ini.report('shoebox', 'callback', fault)
  }
}

/** Finds apps that could not be made. Loads the modules of own apps but makes no instances. */
async function checkApps({ queues }: YagiSettings, ini: IniReader, context: LoadContext): Promise<void> {
  for (const { queue, apps } of queues) {
    for (const app of apps) {
      const fault = await checkApp(app, context).then(() => undefined, messageOf)
      if (fault !== undefined) ini.report(`consumer:${queue}`, 'apps', fault)
    }
  }
}

async function checkApp({ classPath, values }: AppSettings, { environment }: LoadContext): Promise<void> {
  const builtIn = APPS.builtIn(classPath)
  if (!builtIn) {
    await APPS.loadOwn(classPath, '')
    return
  }
  await builtIn.check?.(values, {
    loadDefinitions: async (path) => (path === undefined ? [] : loadDefinitions(path, environment)),
  })
}

/** Returns the settings with paths made absolute, from the folder of the file. */
function withAbsolutePaths(yagi: YagiSettings, folder: string): YagiSettings {
  const queues = yagi.queues.map((queue) => ({
    ...queue,
    apps: queue.apps.map((app) => appWithAbsolutePaths(app, folder)),
    archive: queue.archive && archiveWithAbsolutePaths(queue.archive, folder),
  }))
  return { ...yagi, broker: brokerWithAbsolutePaths(yagi.broker, folder), queues }
}

function archiveWithAbsolutePaths(archive: ArchiveSettings, folder: string): ArchiveSettings {
  const destinationFolder = resolve(folder, archive.destinationFolder)
  return {
    ...archive,
    workingDirectory: resolve(folder, archive.workingDirectory),
    destinationFolder,
    callbacks: archive.callbacks.map((name) => (isModulePath(name) ? resolve(folder, name) : name)),
    callbackValues: { ...archive.callbackValues, destination_folder: destinationFolder },
  }
}

function brokerWithAbsolutePaths(broker: BrokerSettings, folder: string): BrokerSettings {
  const absolute = (file: string | undefined) => file && resolve(folder, file)
  const { caFile, certFile, keyFile } = broker
  return { ...broker, caFile: absolute(caFile), certFile: absolute(certFile), keyFile: absolute(keyFile) }
}

function appWithAbsolutePaths(app: AppSettings, folder: string): AppSettings {
  const builtIn = APPS.builtIn(app.classPath)
  if (!builtIn) return { ...app, classPath: resolve(folder, app.classPath) }
  const paths = Object.entries(app.values).filter(([key]) => builtIn.schema[key]?.format === 'path')
  const absolute: AppValues = Object.fromEntries(
    paths.map(([key, path]) => [key, path ? resolve(folder, String(path)) : path]),
  )
  return { ...app, values: { ...app.values, ...absolute } }
}
