import { join, resolve } from 'node:path'
import { APPS } from '../../consumer/apps/app-registry.ts'
import { parseTimex } from '../../timex/parser.ts'
import type { IniReader } from '../documents/ini-reader.ts'
import { winchesterSchema } from '../schemas/winchester-schema.ts'
import type { Config } from './config.ts'
import { NO_LOG_SETTINGS } from './log-settings.ts'
import type { YagiSettings } from './yagi-settings.ts'

/** File of the dead letters, unless `dead_letters` names another. */
const DEAD_LETTERS = 'dead-letters.sqlite'

/**
 * Returns the configuration of a yagi.conf that names no winchester.yaml: its apps take the messages as they
 * are, and nothing becomes an event. Its database is a file that holds dead letters.
 *
 * Adds a finding for each app that needs a winchester.yaml.
 */
export function withoutWinchester(file: string, folder: string, yagi: YagiSettings, ini: IniReader): Config {
  checkApps(yagi, ini)
  const winchester = winchesterSchema.parse({ database: { url: `sqlite:${deadLettersOf(yagi, folder)}` } })
  const begin = () => ({ file, line: 1, column: 1 })
  return {
    folder: resolve(folder),
    winchester,
    yagi,
    hasWinchester: false,
    definitions: [],
    triggers: [],
    pipelines: {},
    trimEventsAge: parseTimex(winchester.trim_events_age),
    places: { definition: begin, trigger: begin, step: begin, handler: begin },
    written: { definitions: [], triggers: [], yagi: {} },
    logging: { winchester: NO_LOG_SETTINGS, yagi: NO_LOG_SETTINGS },
    warnings: [],
  }
}

/** Returns the file of the dead letters: the named one, or one where the archive may write, or beside yagi.conf. */
function deadLettersOf({ deadLetters, queues }: YagiSettings, folder: string): string {
  if (deadLetters !== undefined) return resolve(folder, deadLetters)
  const archive = queues.find((queue) => queue.archive)?.archive
  return resolve(join(archive?.workingDirectory ?? folder, DEAD_LETTERS))
}

/** Says what a configuration without a winchester.yaml does with messages; undefined for any other. */
export function describeWithoutWinchester({ hasWinchester, winchester }: Config): string | undefined {
  if (hasWinchester) return undefined
  const file = winchester.database.url.slice('sqlite:'.length)
  return `no winchester.yaml is named: messages go to the apps as they are and become no events; dead letters are kept in ${file}`
}

function checkApps({ queues }: YagiSettings, ini: IniReader): void {
  const missing = 'of a winchester.yaml: expected config_file in a section [winchester]'
  for (const { queue, apps } of queues) {
    for (const { kind, name, classPath, values } of apps) {
      const needs =
        kind === 'winchester'
          ? 'database and event definitions'
          : takesDefinitions(classPath) &&
            !values.distiller_config &&
            'distiller_config, or the event definitions'
      if (needs) ini.report(`consumer:${queue}`, 'apps', `apps: ${name} needs the ${needs} ${missing}`)
    }
  }
}

function takesDefinitions(classPath: string): boolean {
  return APPS.builtIn(classPath)?.schema.distiller_config !== undefined
}
