import { type CheckedShip, loadShip, type ShipConfig } from '../../config/load/load-ship.ts'
import { ConfigError, type Finding, formatFinding } from '../../domain/errors.ts'
import { DEFAULT_DEBOUNCE_S } from '../../ship/log-sets/log-set-config.ts'
import { type PlacedSet, selectSets, type Zone } from '../../ship/log-sets/select-sets.ts'
import { printFinding } from '../print-finding.ts'
import { print } from '../program.ts'

export type CheckOptions = {
  readonly config: string
  readonly sets?: true
  readonly zone: readonly Zone[]
  readonly json?: true
}

/** Checks the configuration of `stv3 ship` and prints the findings, and with `sets` the log sets of this host. */
export async function checkShip({ config: file, sets, zone, json }: CheckOptions): Promise<void> {
  const { findings, config } = await loadShip(file)
  for (const finding of findings)
    await printFinding({ line: formatFinding(finding), fields: flat(finding) }, json)
  const errors = findings.filter(({ severity }) => severity === 'error').length
  if (config && sets) await printSets(config, zone)
  else if (config && errors === 0 && !json) await print(`${file} is valid: ${countOf(config.sets.length)}\n`)
  if (errors > 0) throw new ConfigError(`${file}: ${errors} ${errors === 1 ? 'error' : 'errors'}`)
}

/** Loads a configuration, or throws ConfigError with all its errors. Faulty log sets are errors here. */
export async function requireShip(file: string): Promise<ShipConfig> {
  const { findings, config }: CheckedShip = await loadShip(file)
  const errors = findings.filter(({ severity }) => severity === 'error')
  if (config && errors.length === 0) return config
  throw new ConfigError(`the log sets of ${file} cannot be used`, errors)
}

function flat({ severity, code, position, path, message }: Finding): object {
  return { severity, code, ...position, path, message }
}

function countOf(count: number): string {
  return count === 1 ? '1 log set' : `${count} log sets`
}

async function printSets(config: ShipConfig, zones: readonly Zone[]): Promise<void> {
  const host = { ...config.host, root: config.root }
  for (const placed of selectSets(config.sets, host, [...config.zones, ...zones]))
    await print(`${JSON.stringify(setForm(placed))}\n`)
}

/** Returns a log set as hermes sends it to its agents: with the zone in place of the roles, and with defaults. */
function setForm({ name, set, place }: PlacedSet): object {
  const { zones: _, name: __, debounce_time, retain_time, regex: ___, ...rest } = set.definition
  const given = Object.entries(rest).filter(([, value]) => value !== null && value !== undefined)
  return {
    name,
    zonename: place.zone,
    zonerole: place.role,
    regex: set.regex.source,
    ...Object.fromEntries(given),
    debounce_time: debounce_time || DEFAULT_DEBOUNCE_S,
    retain_time: retain_time ?? 0,
  }
}
