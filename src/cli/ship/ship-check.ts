import { type CheckedShip, loadShip, type ShipConfig } from '../../config/load/load-ship.ts'
import { ConfigError, type Finding, formatFinding } from '../../domain/errors.ts'
import { selectSets, type Zone } from '../../ship/log-sets/select-sets.ts'
import { setForm } from '../../ship/log-sets/set-form.ts'
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
