import type { JsonObject } from '../../domain/notification.ts'
import type { Notice } from '../notices/notice.ts'

/** Payload of router.create.*. Source: neutron/api/v2/base.py. */
export function routerPayload({ request, resourceId, eventType }: Notice): JsonObject {
  const asked = {
    name: `router-${resourceId.slice(0, 8)}`,
    tenant_id: request.project.id,
    admin_state_up: true,
  }
  if (eventType.endsWith('.start')) return { router: asked }
  return {
    router: {
      ...asked,
      id: `${resourceId.slice(0, -4)}0004`,
      status: 'ACTIVE',
      external_gateway_info: { network_id: resourceId, enable_snat: true },
      routes: [],
    },
  }
}
