import type { JsonObject } from '../../domain/notification.ts'
import type { Notice } from '../notices/notice.ts'

/** Payload of network.create.*. Source: neutron/api/v2/base.py. */
export function networkPayload({ request, resourceId, eventType }: Notice): JsonObject {
  const asked = { name: `net-${resourceId.slice(0, 8)}`, tenant_id: request.project.id, admin_state_up: true }
  if (eventType.endsWith('.start')) return { network: asked }
  return {
    network: { ...asked, id: resourceId, status: 'ACTIVE', shared: false, mtu: 1450, subnets: [] },
  }
}
