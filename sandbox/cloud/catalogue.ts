import { type CloudPorts, urlOf } from './addresses.ts'
import { addMember, addProject, addService, type CatalogueEntry } from './keystone-accounts.ts'
import { OpenstackClient } from './openstack-client.ts'

/** User who boots servers, and the project to boot them in. */
export const CUSTOMER = { user: 'alice', project: 'acme' }

/** Registers the services, their accounts and a customer with Keystone. */
export async function fillCatalogue(ports: CloudPorts): Promise<void> {
  const admin = await OpenstackClient.login(ports, 'admin', 'admin')
  const service = await addProject(admin, 'service')
  for (const name of ['nova', 'placement', 'glance', 'neutron'])
    await addMember(admin, { name, projectId: service, role: 'admin' })
  const projectId = await addProject(admin, CUSTOMER.project)
  await addMember(admin, { name: CUSTOMER.user, projectId, role: 'member' })
  for (const entry of entries(ports)) await addService(admin, entry)
}

function entries(ports: CloudPorts): CatalogueEntry[] {
  return [
    { type: 'compute', name: 'nova', url: urlOf(ports.compute, '/v2.1') },
    { type: 'placement', name: 'placement', url: urlOf(ports.placement) },
    { type: 'image', name: 'glance', url: urlOf(ports.image) },
    { type: 'network', name: 'neutron', url: urlOf(ports.network) },
  ]
}
