import type { Zone } from '../log-sets/select-sets.ts'

/** The zones of hosts, and what could not be made of the inventory. */
export type Inventory = {
  /** whether the services could be listed; where not, the zones of before stay */
  readonly isReady: boolean
  readonly zones: ReadonlyMap<string, readonly Zone[]>
  readonly errors: readonly string[]
}

/** States in which the files of a zone are there. */
const STATES = ['running', 'stopped']

/**
 * Reads an inventory in the form of Triton's services: `{services: [{name, instances}], vms: {UUID: {server_uuid, state}}}`. The role
 * of a zone is the name of its service. What is wrong with one zone or service is an error, and costs the others nothing.
 */
export function readInventory(value: unknown): Inventory {
  const zones = new Map<string, Zone[]>()
  const failed = (error: string): Inventory => ({ isReady: false, zones, errors: [error] })
  if (!isRecord(value)) return failed('expected an object with services and vms')
  const { services, vms, apps } = value
  if (Array.isArray(apps) && apps.length !== 1)
    return failed(`expected one application, found ${apps.length}`)
  for (const [key, error] of Object.entries(value))
    if (key.endsWith('_error') && typeof error === 'string') return failed(`${key}: ${error}`)
  if (!Array.isArray(services)) return failed('services: expected a list')
  const errors: string[] = []
  services.forEach((service: unknown, index) => {
    const { name, instances } = isRecord(service) ? service : {}
    if (typeof name !== 'string' || !Array.isArray(instances)) {
      errors.push(`services.${index}: expected a name and a list of instances`)
      return
    }
    for (const uuid of instances) {
      const placed = typeof uuid === 'string' ? placeOf(uuid, vms) : 'expected a text'
      if (typeof placed === 'string') errors.push(`zone ${String(uuid)} of ${name}: ${placed}`)
      else if (placed.isThere)
        zones.set(placed.host, [...(zones.get(placed.host) ?? []), { uuid, role: name }])
    }
  })
  return { isReady: true, zones, errors }
}

function placeOf(uuid: string, vms: unknown): { host: string; isThere: boolean } | string {
  const vm = isRecord(vms) && Object.hasOwn(vms, uuid) ? vms[uuid] : undefined
  if (!isRecord(vm)) return 'there is no such machine'
  if (typeof vm.error === 'string') return vm.error
  if (typeof vm.server_uuid !== 'string') return 'its machine has no server_uuid'
  return { host: vm.server_uuid, isThere: STATES.includes(String(vm.state)) }
}

function isRecord(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
