import type { JsonObject } from '../../domain/notification.ts'
import type { InstanceNotice } from '../notice.ts'
import { instancePayload } from './instance.ts'

/** Where an operation ends with an instance that runs: its addresses. */
export function instanceRunningPayload({ instance }: InstanceNotice): JsonObject {
  const { addresses, image } = instance
  return {
    ...instancePayload(instance),
    message: 'Success',
    image_name: image.name,
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
