import { APPS } from '../../consumer/apps/app-registry.ts'
import type { AppValues, BuiltInApp } from '../../consumer/apps/built-in-app.ts'
import type { Position } from '../../domain/errors.ts'
import { isModulePath } from '../../runtime/load-class.ts'
import type { IniReader } from '../documents/ini-reader.ts'
import { readSection } from '../documents/ini-section.ts'
import { filterOf } from './event-type-filters.ts'

/** The settings of one app of a queue. */
export type AppSettings = {
  /** The name of the app in dead letters and filters: its class. */
  readonly name: string
  /** Returns whether notifications of an event type reach the app. */
  readonly accepts: (eventType: string) => boolean
  /** The section of a built-in app; `own` for a class of the user's own. */
  readonly kind: string
  readonly classPath: string
  /** The values of the app's section: typed by the schema of a built-in app, texts for an own one. */
  readonly values: AppValues
  /** The place of the queue's `apps`. */
  readonly position: Position
}

/** Reads the apps of a queue in order. Adds faults to the reader's findings. */
export function readApps(ini: IniReader, queue: string, classPaths: readonly string[]): AppSettings[] {
  const section = `consumer:${queue}`
  const apps = classPaths.flatMap((classPath) => readApp(ini, queue, classPath) ?? [])
  for (const [index, { name }] of apps.entries()) {
    if (apps.findIndex((app) => app.name === name) === index) continue
    const message = `apps: ${name} stands there twice; dead letters and filters tell apps apart by their class`
    ini.report(section, 'apps', message)
  }
  if (ini.has(section) && classPaths.length === 0) {
    const known = APPS.names.join(', ')
    ini.report(section, 'apps', `apps: expected what messages are given to: ${known}, or ./my.js:MyApp`)
  }
  return apps
}

function readApp(ini: IniReader, queue: string, classPath: string): AppSettings | undefined {
  const name = classPath.split(/[.:]/).at(-1) as string
  const app = APPS.builtIn(classPath)
  if (!app && !isModulePath(classPath)) {
    ini.report(`consumer:${queue}`, 'apps', `apps: ${APPS.unknown(classPath)}`)
    return undefined
  }
  return {
    name,
    accepts: filterOf(ini, queue, [name, app?.kind ?? name]),
    kind: app?.kind ?? 'own',
    classPath,
    position: ini.positionOf(`consumer:${queue}`, 'apps'),
    values: app ? readValues(ini, queue, app) : ini.merged(name, queue),
  }
}

/** Reads the section of a built-in app. `[KIND:QUEUE]` takes precedence over `[KIND]`. */
function readValues(ini: IniReader, queue: string, app: BuiltInApp): AppValues {
  // Archive and winchester.yaml are settings of the consumer itself, read elsewhere.
  if (!app.open) return {}
  const { kind, schema } = app
  const at = (key: string) => ini.sectionWith(key, kind, queue)
  const values: AppValues = readSection(ini, schema, at)
  const missing = Object.keys(schema).filter((key) => schema[key]?.required && !values[key])
  for (const key of missing) {
    const message = `the app needs ${key} in a section [${kind}]`
    if (ini.has(at(key))) ini.report(at(key), key, message)
    else ini.report('consumers', 'queues', message)
  }
  const fault = missing.length === 0 ? app.fault?.(values) : undefined
  if (fault) ini.report(at(fault.key), fault.key, `${fault.key}: ${fault.message}`)
  return values
}
