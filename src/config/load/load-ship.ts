import { hostname } from 'node:os'
import { dirname, resolve } from 'node:path'
import { ConfigError } from '../../domain/errors.ts'
import type { Timetable } from '../../ship/limits/bandwidth.ts'
import { type DaySpan, parseDaySpan } from '../../ship/limits/day-span.ts'
import type { Watermarks } from '../../ship/limits/disk-pressure.ts'
import type { LogSet } from '../../ship/log-sets/log-set.ts'
import type { Zone } from '../../ship/log-sets/select-sets.ts'
import { checkShape } from '../checks/check-shape.ts'
import type { Findings } from '../checks/findings.ts'
import type { ConfigDocument } from '../documents/yaml-document.ts'
import { type ShipSettings, shipSchema, type TargetSettings } from '../schemas/ship-schema.ts'
import { archiveLogSets } from './archive-log-sets.ts'
import { type Checked, loadChecked } from './load-checked.ts'
import { compileLogSets } from './log-set-list.ts'
import { readDocument } from './read-document.ts'

/** Log sets and settings for `stv3 ship`. */
export type ShipConfig = {
  readonly file: string
  /** those without a fault */
  readonly sets: readonly LogSet[]
  readonly targets: { readonly [name: string]: TargetSettings }
  readonly host: {
    readonly user: string | undefined
    readonly datacenter: string | undefined
    readonly node: string
    readonly groups: readonly string[]
  }
  readonly zones: readonly Zone[]
  readonly customers: { readonly [uuid: string]: string }
  readonly root: string
  readonly journal: string
  readonly intervalMs: number
  readonly parallel: number
  readonly server: ShipSettings['server']
  readonly watch: boolean
  /** times of the day at which uploads are begun; undefined for always */
  readonly uploadTimes: readonly DaySpan[] | undefined
  readonly watermarks: Watermarks | undefined
  readonly uploads: {
    readonly timetable: Timetable | undefined
    readonly stallMs: number
    readonly totalMs: number | undefined
  }
  /** files of keys by name */
  readonly encryptionKeys: { readonly [name: string]: string }
  readonly nice: number | undefined
  readonly ioClass: 'idle' | 'best-effort' | undefined
  /** folders of complete files of archives that are shipped */
  readonly archiveFolders: readonly string[]
}

/**
 * Loads ship.yaml, or a list of log sets alone (hermes' logsets.json, or YAML). A faulty log set costs the others nothing: it is
 * left out, with a finding. Rejects with ConfigError when the file cannot be read.
 */
export function loadShip(file: string): Promise<Checked<ShipConfig>> {
  return loadChecked(file, (document, findings) =>
    Array.isArray(document.value)
      ? fromList(file, document, findings)
      : fromSettings(file, document, findings),
  )
}

function fromList(file: string, document: ConfigDocument, findings: Findings): ShipConfig {
  return configOf(file, shipSchema.parse({ log_sets: [] }), compileLogSets(document, [], findings))
}

/** Returns the settings of a host that has no file of its own. */
export function defaultLimits(): ShipConfig {
  return configOf('ship.yaml', shipSchema.parse({ log_sets: [] }), [])
}

async function fromSettings(
  file: string,
  document: ConfigDocument,
  findings: Findings,
): Promise<ShipConfig | undefined> {
  const settings = checkShape(document, document.value, shipSchema, findings)
  if (!settings) return undefined
  const { log_sets: list } = settings
  const sets =
    typeof list === 'string'
      ? await namedSets(resolve(dirname(file), list), document, findings)
      : compileLogSets(document, ['log_sets'], findings)
  const archives = await archiveLogSets(file, settings.archive, process.env, document, findings)
  const all = [...sets, ...archives.sets]
  return configOf(file, settings, checkPlaces(all, settings, document, findings), archives.folders)
}

async function namedSets(file: string, main: ConfigDocument, findings: Findings): Promise<LogSet[]> {
  try {
    return compileLogSets(await readDocument(file, findings), [], findings)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    if (error.findings.length > 0) findings.addAll(error.findings)
    else findings.error('missing-file', ['log_sets'], error.message, main.positionOf(['log_sets']))
    return []
  }
}

/** Returns the log sets whose target is there, and whose facts about the host are. */
function checkPlaces(
  sets: readonly LogSet[],
  { targets, host, root, encryption_keys: keys }: ShipSettings,
  document: ConfigDocument,
  findings: Findings,
): LogSet[] {
  const names = Object.keys(targets)
  const at = document.positionOf(['log_sets'])
  return sets.filter(({ name, target, template, isUploaded, searchDirs, encrypt }) => {
    const faults: string[] = []
    for (const [key, one] of Object.entries(targets))
      if (one.kind === 'file' && searchDirs.some((dir) => isBelow(one.folder, `${root}/${dir}`)))
        faults.push(`it would ship the files of the target ${key}, whose folder lies below search_dirs`)
    if (isUploaded && names.length === 0)
      faults.push('there are no targets to ship to; expected one in targets')
    else if (target !== undefined && !Object.hasOwn(targets, target))
      faults.push(
        `its target ${JSON.stringify(target)} is none of targets (${names.join(', ') || 'there are none'})`,
      )
    else if (isUploaded && target === undefined && names.length > 1)
      faults.push(`it names no target; expected one of ${names.join(', ')}`)
    if (encrypt !== undefined && !Object.hasOwn(keys, encrypt))
      faults.push(`its key ${JSON.stringify(encrypt)} is none of encryption_keys`)
    for (const [sign, fact] of [['%u', 'user'] as const, ['%d', 'datacenter'] as const])
      if (host[fact] === undefined && template.some((part) => part.kind === 'fact' && part.fact === fact))
        faults.push(`its target needs ${sign}, but there is no ${fact} in host`)
    for (const fault of faults)
      findings.error('target', ['log_sets'], `log set ${JSON.stringify(name)}: ${fault}`, at)
    return faults.length === 0
  })
}

function isBelow(path: string, folder: string): boolean {
  const [inner, outer] = [`${resolve(path)}/`, `${resolve(folder)}/`]
  return inner.startsWith(outer === '//' ? '/' : outer)
}

const MB = 1_000_000

function configOf(
  file: string,
  settings: ShipSettings,
  sets: readonly LogSet[],
  archiveFolders: readonly string[] = [],
): ShipConfig {
  const { targets, host, zones, customers, root, journal, interval, parallel, server } = settings
  const { disk_high: high, disk_low: low = high } = settings
  return {
    file,
    sets,
    targets,
    host: {
      user: host.user,
      datacenter: host.datacenter,
      node: host.node ?? hostname(),
      groups: host.groups,
    },
    zones,
    customers,
    root,
    journal: resolve(dirname(file), journal),
    intervalMs: interval * 1000,
    parallel,
    server,
    watch: settings.watch,
    uploadTimes: settings.upload_times?.map(parseDaySpan),
    watermarks: high === undefined || low === undefined ? undefined : { high, low },
    uploads: {
      timetable: timetableOf(settings.bandwidth),
      stallMs: settings.stall_timeout * 1000,
      totalMs: settings.upload_timeout === undefined ? undefined : settings.upload_timeout * 1000,
    },
    encryptionKeys: settings.encryption_keys,
    nice: settings.nice,
    ioClass: settings.io_class,
    archiveFolders,
  }
}

function timetableOf(given: ShipSettings['bandwidth']): Timetable | undefined {
  if (given === undefined) return undefined
  if (typeof given === 'number') return [{ span: undefined, bytesPerS: given * MB }]
  return given.map(({ time, mb_per_s }) => ({ span: parseDaySpan(time), bytesPerS: mb_per_s * MB }))
}
