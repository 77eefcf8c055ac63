import { type CloudPorts, urlOf } from './addresses.ts'
import { PASSWORD, REGION } from './configuration/common.ts'
import { OpenstackClient } from './openstack-client.ts'

/** User who boots servers, and the project to boot them in. */
export const CUSTOMER = { user: 'alice', project: 'acme' }

type Entry = { readonly type: string; readonly name: string; readonly url: string }

/** Registers the services, their accounts and a customer with Keystone. */
export async function fillCatalogue(ports: CloudPorts): Promise<void> {
  const admin = await OpenstackClient.login(ports, 'admin', 'admin')
  const roles = await rolesByName(admin)
  const project = async (name: string) =>
    (await admin.call('identity', 'POST', '/projects', { project: { name, domain_id: 'default' } })).project
      .id
  const member = async (name: string, projectId: string, role: string) => {
    const account = { name, domain_id: 'default', password: PASSWORD }
    const { user } = await admin.call('identity', 'POST', '/users', { user: account })
    await admin.call('identity', 'PUT', `/projects/${projectId}/users/${user.id}/roles/${roles.get(role)}`)
  }
  const service = await project('service')
  for (const name of ['nova', 'placement', 'glance', 'neutron']) await member(name, service, 'admin')
  await member(CUSTOMER.user, await project(CUSTOMER.project), 'member')
  for (const entry of entries(ports)) await addService(admin, entry)
}

async function rolesByName(admin: OpenstackClient): Promise<Map<string, string>> {
  const { roles } = await admin.call('identity', 'GET', '/roles')
  return new Map(roles.map(({ name, id }: { name: string; id: string }) => [name, id]))
}

function entries(ports: CloudPorts): Entry[] {
  return [
    { type: 'compute', name: 'nova', url: urlOf(ports.compute, '/v2.1') },
    { type: 'placement', name: 'placement', url: urlOf(ports.placement) },
    { type: 'image', name: 'glance', url: urlOf(ports.image) },
    { type: 'network', name: 'neutron', url: urlOf(ports.network) },
  ]
}

async function addService(admin: OpenstackClient, { type, name, url }: Entry): Promise<void> {
  const { service } = await admin.call('identity', 'POST', '/services', { service: { type, name } })
  for (const kind of ['public', 'internal', 'admin']) {
    const endpoint = { service_id: service.id, interface: kind, url, region_id: REGION }
    await admin.call('identity', 'POST', '/endpoints', { endpoint })
  }
}
