import type { JsonObject } from '../../domain/notification.ts'
import type { Instance } from '../instance/instance.ts'
import type { InstanceNotice } from '../notices/notice.ts'
import { POWER_STATES } from '../operations/instance-states.ts'
import { hostFields } from '../templates/instance.ts'
import { secondsTime } from '../templates/nova-time.ts'
import { macAddress } from '../templates/port.ts'
import { novaObject } from './nova-object.ts'
import { versionedFlavor } from './versioned-flavor.ts'

/**
 * Fields that all versioned payloads about instances share. Source: nova/notifications/objects/instance.py.
 */
export function versionedInstance({ instance, request, at }: InstanceNotice): JsonObject {
  const { image, project } = instance
  return {
    uuid: instance.id,
    user_id: project.userId,
    tenant_id: project.id,
    reservation_id: instance.reservationId,
    display_name: instance.name,
    display_description: instance.name,
    host_name: instance.name,
    ...hostFields(instance),
    os_type: image.osType,
    architecture: image.architecture,
    availability_zone: 'nova',
    flavor: versionedFlavor(instance.flavor),
    image_uuid: image.id,
    key_name: null,
    kernel_id: '',
    ramdisk_id: '',
    created_at: secondsTime(instance.createdAt),
    updated_at: secondsTime(at),
    launched_at: secondsTime(instance.launchedAt),
    deleted_at: secondsTime(instance.deletedAt),
    terminated_at: secondsTime(instance.terminatedAt),
    state: instance.state,
    power_state: POWER_STATES[instance.state].name,
    task_state: instance.task ?? null,
    progress: 0,
    ip_addresses: [addressObject(instance)],
    block_devices: instance.volume ? [blockDeviceObject(instance.volume.id)] : [],
    metadata: {},
    locked: false,
    locked_reason: null,
    auto_disk_config: 'MANUAL',
    request_id: request.isAdmin ? null : request.id,
    action_initiator_user: request.isAdmin ? null : request.project.userId,
    action_initiator_project: request.isAdmin ? null : request.project.id,
  }
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
