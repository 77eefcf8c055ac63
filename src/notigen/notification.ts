import type { JsonObject } from '../domain/notification.ts'
import { formatIso, type Micros } from '../domain/time.ts'
import type { Instance } from './instance.ts'
import type { Random } from './random.ts'

export type AuditPeriod = { readonly begin: Micros; readonly end: Micros }

/** An old-style notification of Nova about an instance, as it is at this moment. */
export function computeNotification(
  instance: Instance,
  eventType: string,
  at: Micros,
  random: Random,
  audit?: AuditPeriod,
): JsonObject {
  return {
    event_type: eventType,
    message_id: random.uuid(),
    publisher_id: `compute.${instance.host}`,
    priority: 'INFO',
    timestamp: novaTime(at),
    payload: { ...instancePayload(instance), ...(audit ? auditPayload(audit, random) : {}) },
    ...context(instance, at, random),
  }
}

/** Nova writes a space between date and time, and always six digits. */
function novaTime(time: Micros | undefined): string {
  return time === undefined ? '' : formatIso(time, 'six').replace('T', ' ')
}

function instancePayload(instance: Instance): JsonObject {
  const { flavor, image } = instance
  return {
    instance_id: instance.id,
    tenant_id: instance.tenantId,
    user_id: instance.userId,
    display_name: instance.name,
    hostname: instance.name,
    host: instance.host,
    node: instance.host,
    availability_zone: null,
    reservation_id: `r-${instance.id.slice(0, 8)}`,
    state: instance.state,
    state_description: instance.task,
    created_at: novaTime(instance.createdAt),
    launched_at: novaTime(instance.launchedAt),
    deleted_at: novaTime(instance.deletedAt),
    terminated_at: novaTime(instance.deletedAt),
    instance_type: flavor.name,
    instance_type_id: Number(flavor.id),
    instance_flavor_id: flavor.id,
    memory_mb: flavor.memoryMb,
    disk_gb: flavor.diskGb,
    root_gb: flavor.diskGb,
    ephemeral_gb: 0,
    vcpus: flavor.vcpus,
    architecture: image.architecture,
    os_type: image.osType,
    image_ref_url: `http://images.example.net:9292/images/${image.id}`,
    kernel_id: '',
    ramdisk_id: '',
    metadata: {},
    image_meta: {
      base_image_ref: image.id,
      container_format: 'bare',
      disk_format: 'qcow2',
      min_disk: String(flavor.diskGb),
      min_ram: '512',
      os_type: image.osType,
      'org.openstack__1__architecture': image.architecture,
      'org.openstack__1__os_distro': image.distro,
      'org.openstack__1__os_version': image.version,
    },
  }
}

function auditPayload({ begin, end }: AuditPeriod, random: Random): JsonObject {
  return {
    audit_period_beginning: formatIso(begin).replace('T', ' '),
    audit_period_ending: formatIso(end).replace('T', ' '),
    bandwidth: {
      public: { bw_in: random.int(0, 2_000_000_000), bw_out: random.int(0, 2_000_000_000) },
    },
  }
}

function context(instance: Instance, at: Micros, random: Random): JsonObject {
  return {
    _context_request_id: `req-${random.uuid()}`,
    _context_auth_token: random.hex(32),
    _context_user: instance.userId,
    _context_user_id: instance.userId,
    _context_tenant: instance.tenantId,
    _context_project_id: instance.tenantId,
    _context_project_name: instance.tenantId,
    _context_roles: ['member'],
    _context_is_admin: false,
    _context_read_deleted: 'no',
    _context_remote_address: `10.0.${random.int(0, 255)}.${random.int(1, 254)}`,
    _context_timestamp: novaTime(at),
    _unique_id: random.hex(32),
  }
}
