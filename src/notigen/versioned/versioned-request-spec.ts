import type { JsonObject } from '../../domain/notification.ts'
import type { InstanceNotice } from '../notices/notice.ts'
import { novaObject } from './nova-object.ts'
import { versionedFlavor } from './versioned-flavor.ts'

/** Payload of scheduler.select_destinations.*. Source: nova/notifications/objects/request_spec.py. */
export function versionedRequestSpecPayload({ instance }: InstanceNotice): JsonObject {
  const { flavor, image, project } = instance
  return novaObject('RequestSpecPayload', '1.1', {
    instance_uuid: instance.id,
    project_id: project.id,
    user_id: project.userId,
    availability_zone: null,
    num_instances: 1,
    ignore_hosts: null,
    force_hosts: null,
    force_nodes: null,
    scheduler_hints: {},
    security_groups: ['default'],
    instance_group: null,
    numa_topology: null,
    pci_requests: null,
    requested_destination: null,
    retry: null,
    limits: novaObject('SchedulerLimitsPayload', '1.0', {
      disk_gb: null,
      memory_mb: null,
      vcpu: null,
      numa_topology: null,
    }),
    flavor: versionedFlavor(flavor),
    image: novaObject('ImageMetaPayload', '1.0', {
      id: image.id,
      name: image.name,
      status: 'active',
      visibility: 'public',
      container_format: 'bare',
      disk_format: 'qcow2',
      size: image.sizeBytes,
      min_disk: 0,
      min_ram: 0,
      tags: [],
    }),
  })
}
