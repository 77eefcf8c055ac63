import type { JsonObject } from '../../domain/notification.ts'
import type { Notice } from '../notices/notice.ts'

/** Payload of floatingip.create.*: a public address. Source: neutron/api/v2/base.py. */
export function floatingIpPayload({ request, resourceId, eventType }: Notice): JsonObject {
  const asked = { tenant_id: request.project.id, floating_network_id: resourceId, port_id: null }
  if (eventType.endsWith('.start')) return { floatingip: asked }
  const last = (Number.parseInt(resourceId.slice(0, 2), 16) % 254) + 1
  return {
    floatingip: {
      ...asked,
      id: `${resourceId.slice(0, -4)}0005`,
      router_id: `${resourceId.slice(0, -4)}0004`,
      floating_ip_address: `203.0.113.${last}`,
      status: 'DOWN',
    },
  }
}
