import type { JsonObject } from '../../domain/notification.ts'
import type { Notice } from '../notices/notice.ts'

/** Payload of subnet.create.*. Source: neutron/api/v2/base.py. */
export function subnetPayload({ request, resourceId, eventType }: Notice): JsonObject {
  const asked = {
    name: `subnet-${resourceId.slice(0, 8)}`,
    tenant_id: request.project.id,
    network_id: resourceId,
    cidr: '10.20.0.0/24',
    ip_version: 4,
    enable_dhcp: true,
  }
  if (eventType.endsWith('.start')) return { subnet: asked }
  return {
    subnet: {
      ...asked,
      id: `${resourceId.slice(0, -4)}0003`,
      gateway_ip: '10.20.0.1',
      allocation_pools: [{ start: '10.20.0.2', end: '10.20.0.254' }],
      dns_nameservers: [],
    },
  }
}
