import type { JsonObject } from '../../domain/notification.ts'
import type { Notice } from '../notices/notice.ts'

/** Payload of keypair.*: owner and name of a key. Source: nova/compute/api.py. */
export function keypairPayload({ request, resourceId }: Notice): JsonObject {
  const { project } = request
  return { tenant_id: project.id, user_id: project.userId, key_name: keyName(resourceId) }
}

export function keyName(resourceId: string): string {
  return `key-${resourceId.slice(0, 8)}`
}
