import type { JsonObject } from '../../domain/notification.ts'
import type { InstanceNotice } from '../notices/notice.ts'
import { BUILD_FAILURE } from '../templates/instance-error.ts'
import { novaObject } from './nova-object.ts'
import { versionedException } from './versioned-exception.ts'
import { versionedFlavor } from './versioned-flavor.ts'
import { versionedInstance } from './versioned-instance.ts'

type ActionObject = {
  readonly name: string
  readonly version: string
  readonly extra?: (notice: InstanceNotice) => JsonObject
}

/** Versioned objects of actions by old-style event type. Source: Nova's doc/notification_samples. */
const OBJECTS: readonly (readonly [RegExp, ActionObject])[] = [
  [/\.create\./, { name: 'InstanceCreatePayload', version: '1.12', extra: creation }],
  [
    /\.rebuild\./,
    {
      name: 'InstanceActionRebuildPayload',
      version: '1.9',
      extra: () => ({ trusted_image_certificates: null }),
    },
  ],
  [
    /\.rescue\./,
    { name: 'InstanceActionRescuePayload', version: '1.3', extra: () => ({ rescue_image_ref: null }) },
  ],
  [
    /\.resize\.prep\./,
    {
      name: 'InstanceActionResizePrepPayload',
      version: '1.3',
      extra: ({ instance: { newFlavor, flavor } }) => ({ new_flavor: versionedFlavor(newFlavor ?? flavor) }),
    },
  ],
  [
    /\.snapshot\./,
    {
      name: 'InstanceActionSnapshotPayload',
      version: '1.9',
      extra: ({ resourceId }) => ({ snapshot_image_id: resourceId }),
    },
  ],
  [
    /\.volume\./,
    {
      name: 'InstanceActionVolumePayload',
      version: '1.6',
      extra: ({ resourceId }) => ({ volume_id: resourceId }),
    },
  ],
]

const ANY: ActionObject = { name: 'InstanceActionPayload', version: '1.8' }

/** Payload of instance.*: an action on an instance. */
export function versionedActionPayload(notice: InstanceNotice): JsonObject {
  const { name, version, extra } = OBJECTS.find(([pattern]) => pattern.test(notice.eventType))?.[1] ?? ANY
  return novaObject(name, version, { ...versionedInstance(notice), fault: null, ...extra?.(notice) })
}

function creation({ instance, eventType }: InstanceNotice): JsonObject {
  const hasFailed = eventType.endsWith('.error')
  return {
    fault: hasFailed
      ? versionedException('RescheduledException', BUILD_FAILURE, '_build_and_run_instance')
      : null,
    keypairs: [],
    tags: [],
    trusted_image_certificates: null,
    instance_name: `instance-${instance.id.slice(0, 8)}`,
  }
}
