import type { JsonObject } from '../../domain/notification.ts'
import type { Instance } from '../instance/instance.ts'
import { toldTimes } from '../instance/told-times.ts'
import type { InstanceNotice } from '../notices/notice.ts'
import { flavorMetadata } from './flavor-fields.ts'
import { novaTime } from './nova-time.ts'

/** Fields of an instance that all its old-style notifications have. Source: nova/notifications/base.py. */
export function instancePayload({ instance, eventType }: InstanceNotice): JsonObject {
  const { flavor, image, addresses } = instance
  const { launchedAt, deletedAt, terminatedAt } = toldTimes(instance, eventType)
  return {
    tenant_id: instance.project.id,
    user_id: instance.project.userId,
    instance_id: instance.id,
    display_name: instance.name,
    reservation_id: instance.reservationId,
    hostname: instance.name,
    instance_type: flavor.name,
    instance_type_id: Number(flavor.id),
    instance_flavor_id: flavor.id,
    architecture: image.architecture,
    memory_mb: flavor.memoryMb,
    disk_gb: flavor.diskGb,
    vcpus: flavor.vcpus,
    root_gb: flavor.diskGb,
    ephemeral_gb: 0,
    ...hostFields(instance),
    availability_zone: null,
    cell_name: '',
    created_at: novaTime(instance.createdAt),
    terminated_at: novaTime(terminatedAt),
    deleted_at: novaTime(deletedAt),
    launched_at: novaTime(launchedAt),
    image_ref_url: `http://198.51.100.9:9292/images/${image.id}`,
    os_type: image.osType,
    kernel_id: '',
    ramdisk_id: '',
    state: instance.state,
    state_description: instance.task ?? '',
    progress: '',
    access_ip_v4: addresses.public4,
    access_ip_v6: addresses.public6,
    metadata: {},
    image_meta: imageMeta(instance),
  }
}

/** Fields of the instance's host; null when it has none. */
export function hostFields({ host }: Instance): JsonObject {
  return { host: host ?? null, node: host === undefined ? null : `${host}.example.net` }
}

function imageMeta({ image, flavor, project }: Instance): JsonObject {
  return {
    base_image_ref: image.id,
    image_type: 'base',
    container_format: 'bare',
    disk_format: 'qcow2',
    min_ram: '512',
    min_disk: String(flavor.diskGb),
    os_type: image.osType,
    os_distro: image.distro.split('.').at(-1) ?? '',
    auto_disk_config: 'True',
    cache_in_nova: 'True',
    user_id: project.userId,
    ...flavorMetadata(flavor),
    instance_type_rxtx_factor: `${flavor.rxtxFactor}.0`,
    'org.openstack__1__architecture': image.architecture,
    'org.openstack__1__os_distro': image.distro,
    'org.openstack__1__os_version': image.version,
    'com.rackspace__1__options': image.osType === 'windows' ? '4' : '0',
  }
}
