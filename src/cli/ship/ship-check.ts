import { loadShip, type ShipConfig } from '../../config/load/load-ship.ts'
import { ConfigError, errorsAmong } from '../../domain/errors.ts'
import { selectSets, type Zone } from '../../ship/log-sets/select-sets.ts'
import { setForm } from '../../ship/log-sets/set-form.ts'
import { printFindings, requireNone } from '../print-finding.ts'
import { print } from '../program.ts'
import { checkStores } from './check-stores.ts'

export type CheckOptions = {
  readonly config: string
  readonly sets?: true
  readonly zone: readonly Zone[]
  readonly connect?: true
  readonly json?: true
}

/**
 * Checks the configuration of `stv3 ship` and prints the findings, with `sets` the log sets of this host, and with `connect` what keeps its
 * targets from overwriting.
 */
export async function checkShip({ config: file, sets, zone, connect, json }: CheckOptions): Promise<void> {
  const { findings, config } = await loadShip(file)
  await printFindings(findings, json)
  const errors = errorsAmong(findings).length
  const storeErrors = connect && config ? await checkStores(config.targets, json) : 0
  if (config && sets) await printSets(config, zone)
  else if (config && errors === 0 && !json) await print(`${file} is valid: ${countOf(config.sets.length)}\n`)
  requireNone(errors + storeErrors, file)
}

/** Loads a configuration, or throws ConfigError with all its errors. Faulty log sets are errors here. */
export async function requireShip(file: string): Promise<ShipConfig> {
  const { findings, config } = await loadShip(file)
  const errors = errorsAmong(findings)
  if (config && errors.length === 0) return config
  throw new ConfigError(`the log sets of ${file} cannot be used`, errors)
}

function countOf(count: number): string {
  return count === 1 ? '1 log set' : `${count} log sets`
}

async function printSets(config: ShipConfig, zones: readonly Zone[]): Promise<void> {
  const host = { ...config.host, root: config.root }
  for (const placed of selectSets(config.sets, host, [...config.zones, ...zones]))
    await print(`${JSON.stringify(setForm(placed))}\n`)
}
