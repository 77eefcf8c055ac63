import type { JsonObject } from '../../domain/notification.ts'
import type { Notice } from '../notices/notice.ts'
import { keyName } from '../templates/keypair.ts'
import { macAddress } from '../templates/port.ts'
import { novaObject } from './nova-object.ts'

/** Payload of keypair.*. Source: nova/notifications/objects/keypair.py. */
export function versionedKeypairPayload({ request, resourceId }: Notice): JsonObject {
  return novaObject('KeypairPayload', '1.0', {
    user_id: request.project.userId,
    name: keyName(resourceId),
    fingerprint: macAddress(resourceId),
    public_key: `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 ${keyName(resourceId)}`,
    type: 'ssh',
  })
}
