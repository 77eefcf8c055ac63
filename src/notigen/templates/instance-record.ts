import type { JsonObject } from '../../domain/notification.ts'
import type { Instance } from '../instance/instance.ts'
import { storedTimes } from '../instance/told-times.ts'
import { POWER_STATES } from '../operations/instance-states.ts'
import { flavorMetadata } from './flavor-fields.ts'
import { hostFields } from './instance.ts'
import { novaTime } from './nova-time.ts'

/**
 * Record of an instance as in Nova's database, part of requests to the scheduler and of the arguments of
 * failed calls.
 */
export function instanceRecord(instance: Instance): JsonObject {
  const { flavor, image, project, addresses } = instance
  const { launchedAt, deletedAt, terminatedAt } = storedTimes(instance)
  return {
    id: Number.parseInt(instance.id.slice(0, 6), 16),
    uuid: instance.id,
    name: `instance-${instance.id}`,
    display_name: instance.name,
    display_description: instance.name,
    hostname: instance.name,
    project_id: project.id,
    user_id: project.userId,
    reservation_id: instance.reservationId,
    vm_state: instance.state,
    vm_mode: 'hvm',
    task_state: instance.task ?? null,
    power_state: POWER_STATES[instance.state].code,
    progress: 0,
    image_ref: image.id,
    kernel_id: '',
    ramdisk_id: '',
    instance_type_id: Number(flavor.id),
    memory_mb: flavor.memoryMb,
    vcpus: flavor.vcpus,
    root_gb: flavor.diskGb,
    ephemeral_gb: 0,
    ...hostFields(instance),
    launched_on: instance.host ?? null,
    cell_name: null,
    availability_zone: null,
    architecture: image.architecture,
    os_type: image.osType,
    root_device_name: '/dev/xvda',
    default_ephemeral_device: null,
    default_swap_device: null,
    ephemeral_key_uuid: null,
    config_drive: '',
    user_data: null,
    key_name: '',
    key_data: null,
    access_ip_v4: addresses.public4,
    access_ip_v6: addresses.public6,
    auto_disk_config: true,
    disable_terminate: false,
    shutdown_terminate: false,
    locked: false,
    locked_by: null,
    cleaned: false,
    deleted: instance.deletedAt !== undefined,
    launch_index: 0,
    created_at: novaTime(instance.createdAt),
    updated_at: null,
    scheduled_at: null,
    launched_at: novaTime(launchedAt),
    deleted_at: novaTime(deletedAt),
    terminated_at: novaTime(terminatedAt),
    metadata: {},
    system_metadata: systemMetadata(instance),
  }
}

function systemMetadata({ flavor, image }: Instance): JsonObject {
  return {
    image_base_image_ref: image.id,
    image_image_type: 'base',
    image_container_format: 'bare',
    image_disk_format: 'qcow2',
    image_min_ram: '512',
    image_min_disk: String(flavor.diskGb),
    image_os_type: image.osType,
    image_vm_mode: 'hvm',
    image_cache_in_nova: 'True',
    image_auto_disk_config: 'True',
    'image_org.openstack__1__architecture': image.architecture,
    'image_org.openstack__1__os_distro': image.distro,
    'image_org.openstack__1__os_version': image.version,
    ...flavorMetadata(flavor),
    instance_type_vcpu_weight: '10',
    instance_type_rxtx_factor: `${flavor.rxtxFactor}.0`,
  }
}
