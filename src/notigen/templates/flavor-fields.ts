import type { JsonObject } from '../../domain/notification.ts'
import type { Flavor } from '../instance/catalog.ts'

/** Fields of a flavor that old-style and versioned notifications share. */
export function flavorFields(flavor: Flavor): JsonObject {
  return {
    flavorid: flavor.id,
    name: flavor.name,
    memory_mb: flavor.memoryMb,
    vcpus: flavor.vcpus,
    root_gb: flavor.diskGb,
    ephemeral_gb: 0,
    swap: flavor.swapMb,
    rxtx_factor: flavor.rxtxFactor,
  }
}

/** Metadata of an instance with the flavor that it was created with; all values are texts. */
export function flavorMetadata(flavor: Flavor): JsonObject {
  return {
    instance_type_id: flavor.id,
    instance_type_name: flavor.name,
    instance_type_flavorid: flavor.id,
    instance_type_memory_mb: String(flavor.memoryMb),
    instance_type_root_gb: String(flavor.diskGb),
    instance_type_ephemeral_gb: '0',
    instance_type_swap: String(flavor.swapMb),
    instance_type_vcpus: String(flavor.vcpus),
  }
}
