import type { JsonObject } from '../../domain/notification.ts'
import type { Flavor } from '../catalog.ts'
import { novaObject } from './nova-object.ts'

/** Source: nova/notifications/objects/flavor.py. */
export function versionedFlavor(flavor: Flavor): JsonObject {
  return novaObject('FlavorPayload', '1.4', {
    flavorid: flavor.id,
    name: flavor.name,
    memory_mb: flavor.memoryMb,
    vcpus: flavor.vcpus,
    root_gb: flavor.diskGb,
    ephemeral_gb: 0,
    swap: flavor.swapMb,
    rxtx_factor: flavor.rxtxFactor,
    vcpu_weight: 0,
    disabled: false,
    is_public: true,
    extra_specs: { 'hw:watchdog_action': 'disabled' },
    projects: null,
    description: null,
  })
}
