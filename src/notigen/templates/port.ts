import type { JsonObject } from '../../domain/notification.ts'
import type { InstanceNotice } from '../notices/notice.ts'

/** Payload of port.*: the port that connects an instance to its network. Source: neutron/api/v2/base.py. */
export function portPayload({ instance, eventType }: InstanceNotice): JsonObject {
  const id = `${instance.id.slice(0, -4)}0001`
  if (eventType.startsWith('port.delete')) return { port_id: id }
  const { addresses, project, host } = instance
  const isMade = eventType.endsWith('.end')
  return {
    port: {
      ...(isMade ? { id, status: 'DOWN', mac_address: macAddress(instance.id) } : {}),
      network_id: project.networkId,
      tenant_id: project.id,
      device_id: instance.id,
      device_owner: 'compute:nova',
      admin_state_up: true,
      'binding:host_id': host ?? null,
      'binding:vnic_type': 'normal',
      security_groups: [`${project.networkId.slice(0, -4)}0002`],
      fixed_ips: isMade
        ? [{ subnet_id: `${project.networkId.slice(0, -4)}0003`, ip_address: addresses.private4 }]
        : [],
    },
  }
}

/** Returns a locally administered MAC address derived from an id. */
export function macAddress(id: string): string {
  return `fa:16:3e:${id.slice(0, 2)}:${id.slice(2, 4)}:${id.slice(4, 6)}`
}
