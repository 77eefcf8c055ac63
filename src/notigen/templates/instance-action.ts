import type { JsonObject } from '../../domain/notification.ts'
import type { InstanceNotice } from '../notices/notice.ts'
import { instancePayload } from './instance.ts'

/**
 * Fields of actions besides those of the instance, by event type. Source: the notifications of the recorded
 * day.
 */
const EXTRAS: readonly (readonly [RegExp, (notice: InstanceNotice) => JsonObject])[] = [
  [/\.create\.(start|end)$/, ({ eventType }) => ({ message: eventType.endsWith('end') ? 'Success' : '' })],
  [/\.(create|rebuild)\./, ({ instance }) => ({ image_name: instance.image.name })],
  [/\.(create|rebuild)\.end$|rescue\.|resize\.(start|end|confirm\.end)$/, fixedIps],
  [/\.rescue\./, () => ({ rescue_image_name: '' })],
  [
    /\.resize\.prep\.end$/,
    ({ instance: { newFlavor, flavor } }) => ({
      new_instance_type: (newFlavor ?? flavor).name,
      new_instance_type_id: Number((newFlavor ?? flavor).id),
    }),
  ],
  [/\.volume\./, ({ resourceId }) => ({ volume_id: resourceId })],
]

/** Payload of compute.instance.*: an action on an instance. */
export function instanceActionPayload(notice: InstanceNotice): JsonObject {
  const payload = instancePayload(notice)
  for (const [pattern, extra] of EXTRAS) {
    if (pattern.test(notice.eventType)) Object.assign(payload, extra(notice))
  }
  return payload
}

function fixedIps({ instance: { addresses } }: InstanceNotice): JsonObject {
  return {
    fixed_ips: [
      fixedAddress('public', 4, addresses.public4),
      fixedAddress('public', 6, addresses.public6),
      fixedAddress('private', 4, addresses.private4),
    ],
  }
}

function fixedAddress(label: string, version: 4 | 6, address: string): JsonObject {
  return { floating_ips: [], label, version, meta: {}, address, type: 'fixed' }
}
