import type { JsonObject } from '../../domain/notification.ts'
import type { Instance } from '../instance.ts'
import type { InstanceNotice } from '../notice.ts'
import { novaObject } from './nova-object.ts'
import { secondsTime } from './nova-time.ts'
import { macAddress } from './port.ts'

/** instance.*: an action on an instance. Source: nova/notifications/objects/instance.py, InstanceActionPayload. */
export function versionedInstancePayload(notice: InstanceNotice): JsonObject {
  return novaObject('InstanceActionPayload', '1.8', {
    ...versionedInstanceData(notice),
    fault: null,
    request_id: notice.request.id,
    action_initiator_user: notice.request.project.userId,
    action_initiator_project: notice.request.project.id,
  })
}

/** What all payloads about instances have in common. */
export function versionedInstanceData({ instance, at }: InstanceNotice): JsonObject {
  const { image, project } = instance
  return {
    uuid: instance.id,
    user_id: project.userId,
    tenant_id: project.id,
    reservation_id: instance.reservationId,
    display_name: instance.name,
    display_description: instance.name,
    host_name: instance.name,
    host: instance.host,
    node: `${instance.host}.example.net`,
    os_type: image.osType,
    architecture: image.architecture,
    availability_zone: 'nova',
    flavor: flavorObject(instance),
    image_uuid: image.id,
    key_name: null,
    kernel_id: '',
    ramdisk_id: '',
    created_at: secondsTime(instance.createdAt),
    updated_at: secondsTime(at),
    launched_at: secondsTime(instance.launchedAt),
    deleted_at: secondsTime(instance.deletedAt),
    terminated_at: secondsTime(instance.deletedAt),
    state: instance.state,
    power_state: instance.state === 'active' ? 'running' : 'pending',
    task_state: instance.task ?? null,
    progress: 0,
    ip_addresses: [addressObject(instance)],
    block_devices: instance.volume ? [blockDeviceObject(instance.volume.id)] : [],
    metadata: {},
    locked: false,
    locked_reason: null,
    auto_disk_config: 'MANUAL',
  }
}

function flavorObject({ flavor }: Instance): JsonObject {
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

function addressObject({ id, addresses }: Instance): JsonObject {
  return novaObject('IpPayload', '1.0', {
    label: 'private',
    mac: macAddress(id),
    meta: {},
    port_uuid: `${id.slice(0, -4)}0001`,
    version: 4,
    address: addresses.private4,
    device_name: `tap${id.slice(0, 8)}`,
  })
}

function blockDeviceObject(volumeId: string): JsonObject {
  return novaObject('BlockDevicePayload', '1.0', {
    device_name: '/dev/vdb',
    boot_index: null,
    delete_on_termination: false,
    volume_id: volumeId,
    tag: null,
  })
}
