import type { CloudPorts } from './addresses.ts'
import { CUSTOMER } from './catalogue.ts'
import { OpenstackClient } from './openstack-client.ts'

/** Clients and images that a customer needs to boot servers. */
export type Wares = {
  readonly admin: OpenstackClient
  readonly customer: OpenstackClient
  /** ids of two images of different systems */
  readonly debian: string
  readonly ubuntu: string
}

/** Memory of each flavor, MB; no host has room for the last. */
export const FLAVORS = { small: 512, medium: 2048, huge: 900_000 }

/** Creates flavors and images. Returns what is needed to boot servers of them. */
export async function stockWares(ports: CloudPorts): Promise<Wares> {
  const admin = await OpenstackClient.login(ports, 'admin', 'admin')
  const customer = await OpenstackClient.login(ports, CUSTOMER.user, CUSTOMER.project)
  for (const [name, ram] of Object.entries(FLAVORS)) {
    const flavor = { id: name, name, ram, disk: 1, vcpus: 1 }
    await admin.call('compute', 'POST', '/flavors', { flavor })
  }
  const debian = await addImage(customer, 'debian', '12')
  const ubuntu = await addImage(customer, 'ubuntu', '22.04')
  return { admin, customer, debian, ubuntu }
}

async function addImage(owner: OpenstackClient, system: string, version: string): Promise<string> {
  const { id } = await owner.call('image', 'POST', '/images', {
    name: system,
    disk_format: 'raw',
    container_format: 'bare',
    os_distro: system,
    os_version: version,
    architecture: 'x86_64',
  })
  await owner.call('image', 'PUT', `/images/${id}/file`, Buffer.alloc(1000))
  return id
}
