import type { ShipServerConfig } from '../../config/load/load-ship-server.ts'
import { targetName } from '../../objects/target-name.ts'
import { readSecret } from '../../runtime/read-secret.ts'
import { tokenDigest } from '../../runtime/token-digest.ts'
import type { HostDirectory } from '../../ship/central/central.ts'
import type { HostPlan } from '../../ship/central/messages.ts'
import { type PlacedSet, selectSets, type Zone } from '../../ship/log-sets/select-sets.ts'
import { setForm } from '../../ship/log-sets/set-form.ts'

/** Zones of hosts by an inventory: the same list until the inventory is read again. */
export type ZonesOf = (host: string) => readonly Zone[]

/** Returns what the server knows of its hosts. Rejects with TransientError when a token cannot be read. */
export async function hostDirectory(
  config: ShipServerConfig,
  zonesOf: ZonesOf,
  now: () => number,
): Promise<HostDirectory> {
  const digests = new Map<string, Buffer>()
  for (const [host, { token_sha256: hex, token_file: file }] of Object.entries(config.hosts))
    digests.set(
      host,
      hex === undefined ? tokenDigest(await readSecret(file as string)) : Buffer.from(hex, 'hex'),
    )
  const plans = new Map<string, { readonly zones: readonly Zone[]; readonly plan: HostPlan | undefined }>()
  return {
    names: () => [...digests.keys()],
    tokenDigest: (host) => digests.get(host),
    planOf(host) {
      const settings = Object.hasOwn(config.hosts, host) ? config.hosts[host] : undefined
      // As in hermes, a host that was retired is none that is known.
      if (!settings || Date.parse(settings.retire ?? '') <= now()) return undefined
      const zones = zonesOf(host)
      const made = plans.get(host)
      if (made?.zones === zones) return made.plan
      const plan = planOf(config, host, settings, zones)
      plans.set(host, { zones, plan })
      return plan
    },
  }
}

function planOf(
  config: ShipServerConfig,
  host: string,
  settings: ShipServerConfig['hosts'][string],
  zones: readonly Zone[],
): HostPlan | undefined {
  const datacenter = settings.datacenter === undefined ? config.datacenter : (settings.datacenter ?? '')
  // As in hermes, a host with an empty datacenter is none that is known.
  if (datacenter?.trim() === '') return undefined
  const facts = {
    user: settings.user ?? config.user,
    datacenter,
    node: host,
    root: '',
    groups: settings.groups,
  }
  const placed = selectSets(config.sets, facts, [...settings.zones, ...zones])
  const { customers } = config
  return {
    configuration: {
      datacenter_name: datacenter ?? '',
      ...(facts.user === undefined ? {} : { user: facts.user }),
      node: host,
      customers,
    },
    logsets: placed.map(setForm),
    targets: sentTargets(config, placed),
  }
}

/** Returns the targets that log sets of a host name, and no others. */
function sentTargets({ targets }: ShipServerConfig, placed: readonly PlacedSet[]): HostPlan['targets'] {
  const all = Object.entries(targets)
  const isUsed = (name: string) =>
    placed.some(({ set }) => (set.target === undefined ? all.length === 1 : set.target === name))
  return Object.fromEntries(
    all.filter(([name]) => isUsed(name)).map(([name, one]) => [name, sentTarget(one)]),
  )
}

/** Returns what hosts are told of a target: nothing by which they could find its keys. */
function sentTarget(target: ShipServerConfig['targets'][string]): object {
  if (target.kind === 'file') return target
  if (target.presigned === false) return target
  const place = target.kind === 's3' ? target.bucket : target.container
  return { kind: 'presigned', place: targetName(target.kind, place, target.prefix) }
}
