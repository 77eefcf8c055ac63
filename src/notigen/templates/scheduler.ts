import type { JsonObject } from '../../domain/notification.ts'
import { beginOfDay } from '../calendar/day.ts'
import type { Instance } from '../instance/instance.ts'
import type { InstanceNotice } from '../notices/notice.ts'
import { flavorFields } from './flavor-fields.ts'
import { instanceRecord } from './instance-record.ts'
import { novaTime } from './nova-time.ts'

/** Payload of scheduler.run_instance.*: the requested instance and, for `scheduled`, its host. */
export function schedulerPayload({ instance, eventType }: InstanceNotice): JsonObject {
  const request_spec = requestSpec(instance)
  if (!eventType.endsWith('.scheduled')) return { request_spec }
  return {
    instance_id: instance.id,
    weighted_host: { host: instance.host ?? null, weight: 1 },
    request_spec,
  }
}

/** Payload of scheduler.run_instance: no host was found. */
export function schedulerErrorPayload({ instance }: InstanceNotice): JsonObject {
  return {
    instance_id: instance.id,
    state: instance.state,
    method: 'run_instance',
    reason: { kwargs: { reason: 'Exceeded maximum number of retries', code: 500 } },
    instance_properties: instanceRecord(instance),
    request_spec: requestSpec(instance),
  }
}

function requestSpec(instance: Instance): JsonObject {
  const { flavor, image } = instance
  return {
    num_instances: 1,
    instance_uuids: [instance.id],
    security_group: ['default'],
    block_device_mapping: [
      {
        instance_uuid: instance.id,
        boot_index: 0,
        source_type: 'image',
        destination_type: 'local',
        device_type: 'disk',
        image_id: image.id,
        volume_id: null,
        delete_on_termination: true,
      },
    ],
    image: {
      id: image.id,
      name: image.name,
      status: 'active',
      is_public: true,
      container_format: 'bare',
      disk_format: 'qcow2',
      size: image.sizeBytes,
      checksum: image.id.replaceAll('-', ''),
      min_disk: flavor.diskGb,
      min_ram: 512,
      created_at: novaTime(beginOfDay(instance.createdAt)),
      deleted: false,
      properties: {
        os_type: image.osType,
        image_type: 'base',
        auto_disk_config: 'True',
        'org.openstack__1__architecture': image.architecture,
        'org.openstack__1__os_distro': image.distro,
        'org.openstack__1__os_version': image.version,
      },
    },
    instance_type: {
      id: Number(flavor.id),
      ...flavorFields(flavor),
      vcpu_weight: 10,
      extra_specs: {},
    },
    instance_properties: instanceRecord(instance),
  }
}
