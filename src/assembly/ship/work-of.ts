import type { ShipConfig } from '../../config/load/load-ship.ts'
import { ConfigError } from '../../domain/errors.ts'
import type { AgentWork } from '../../ship/agent/agent.ts'
import { expandZones } from '../../ship/agent/expand-zones.ts'
import { contentForm } from '../../ship/content/content-form.ts'
import { Bandwidth } from '../../ship/limits/bandwidth.ts'
import { isWithin } from '../../ship/limits/day-span.ts'
import { DiskPressure } from '../../ship/limits/disk-pressure.ts'
import { limitTarget } from '../../ship/limits/limited-target.ts'
import { type PlacedSet, selectSets } from '../../ship/log-sets/select-sets.ts'
import { readEncryptionKeys } from './encryption-keys.ts'
import type { Targets } from './open-targets.ts'

/** How an agent works, whatever it ships. */
export type ShipLimits = Pick<
  ShipConfig,
  'intervalMs' | 'parallel' | 'watch' | 'uploadTimes' | 'watermarks' | 'uploads' | 'encryptionKeys'
>

/** Returns what an agent of a configuration ships. Rejects as readEncryptionKeys does. */
export function workOf(config: ShipConfig, targets: Targets): Promise<AgentWork> {
  return placedWork({ placed: placedSets(config), targets, customers: config.customers }, config)
}

/** Returns the log sets that apply to the host of a configuration, those of patterns of zones as they are. */
export function placedSets({ sets, host, root, zones }: ShipConfig): PlacedSet[] {
  return selectSets(sets, { ...host, root }, zones)
}

type Placed = {
  readonly placed: readonly PlacedSet[]
  readonly targets: Targets
  readonly customers: { readonly [uuid: string]: string }
}

/** Returns what an agent ships that has these log sets. Rejects as readEncryptionKeys does. */
export async function placedWork(
  { placed, targets, customers }: Placed,
  limits: ShipLimits,
): Promise<AgentWork> {
  const { uploadTimes, watermarks, uploads, encryptionKeys } = limits
  const keys = await readEncryptionKeys(encryptionKeys)
  for (const { set } of placed)
    if (set.encrypt !== undefined && !keys.has(set.encrypt))
      throw new ConfigError(`log set ${set.name}: its key ${set.encrypt} is none of encryption_keys`)
  const bandwidth = uploads.timetable && new Bandwidth(uploads.timetable, Date.now)
  const limited = Object.fromEntries(
    Object.entries(targets).map(([name, one]) => [name, limitTarget(one, { ...uploads, bandwidth })]),
  )
  const [only] = Object.values(limited)
  return {
    // Zones come and go: they are looked for at each pass.
    placed: () => expandZones(placed),
    targetOf: ({ set }) => (set.target === undefined ? only : limited[set.target]),
    customers: (uuid) => (Object.hasOwn(customers, uuid) ? customers[uuid] : undefined),
    formOf: ({ set }) =>
      contentForm(set.compress, set.encrypt === undefined ? undefined : keys.get(set.encrypt)),
    mayUpload: uploadTimes && ((at) => uploadTimes.some((span) => isWithin(span, at))),
    pressure: watermarks && new DiskPressure(watermarks),
    parallel: limits.parallel,
    intervalMs: limits.intervalMs,
    isWatching: limits.watch,
  }
}
