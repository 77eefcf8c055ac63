import { hostname } from 'node:os'
import { dirname, resolve } from 'node:path'
import { ConfigError, type Finding } from '../../domain/errors.ts'
import type { LogSet } from '../../ship/log-sets/log-set.ts'
import type { Zone } from '../../ship/log-sets/select-sets.ts'
import { checkShape } from '../checks/check-shape.ts'
import { Findings } from '../checks/findings.ts'
import { parseJsonDocument } from '../documents/json-document.ts'
import { readConfigText } from '../documents/read-config-text.ts'
import { type ConfigDocument, parseYamlDocument } from '../documents/yaml-document.ts'
import { type ShipSettings, shipSchema, type TargetSettings } from '../schemas/ship-schema.ts'
import { compileLogSets } from './log-set-list.ts'

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
  }
  readonly zones: readonly Zone[]
  readonly customers: { readonly [uuid: string]: string }
  readonly root: string
  readonly journal: string
  readonly intervalMs: number
  readonly parallel: number
}

/** What is wrong with a configuration of `stv3 ship`, and the configuration where it can be used. */
export type CheckedShip = { readonly findings: readonly Finding[]; readonly config: ShipConfig | undefined }

/**
 * Loads ship.yaml, or a list of log sets alone (hermes' logsets.json, or YAML). A faulty log set costs the others nothing: it is
 * left out, with a finding. Rejects with ConfigError when the file cannot be read.
 */
export async function loadShip(file: string): Promise<CheckedShip> {
  const findings = new Findings()
  try {
    const document = await readDocument(file, findings)
    const config = Array.isArray(document.value)
      ? fromList(file, document, findings)
      : await fromSettings(file, document, findings)
    return { findings: findings.list, config }
  } catch (error) {
    if (!(error instanceof ConfigError) || error.findings.length === 0) throw error
    findings.addAll(error.findings)
    return { findings: findings.list, config: undefined }
  }
}

async function readDocument(file: string, findings: Findings): Promise<ConfigDocument> {
  const text = await readConfigText(file)
  const document = file.endsWith('.json') ? parseJsonDocument(text, file) : parseYamlDocument(text, file)
  findings.warnOfRepeatedKeys(document)
  return document
}

function fromList(file: string, document: ConfigDocument, findings: Findings): ShipConfig {
  return configOf(file, shipSchema.parse({ log_sets: [] }), compileLogSets(document, [], findings))
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
  return configOf(file, settings, checkPlaces(sets, settings, document, findings))
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
  { targets, host, root }: ShipSettings,
  document: ConfigDocument,
  findings: Findings,
): LogSet[] {
  const names = Object.keys(targets)
  const at = document.positionOf(['log_sets'])
  return sets.filter(({ name, target, template, isUploaded, searchDirs }) => {
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

function configOf(file: string, settings: ShipSettings, sets: readonly LogSet[]): ShipConfig {
  const { targets, host, zones, customers, root, journal, interval, parallel } = settings
  return {
    file,
    sets,
    targets,
    host: { user: host.user, datacenter: host.datacenter, node: host.node ?? hostname() },
    zones,
    customers,
    root,
    journal: resolve(dirname(file), journal),
    intervalMs: interval * 1000,
    parallel,
  }
}
