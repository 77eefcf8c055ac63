import { PASSWORD, REGION } from './configuration/common.ts'
import type { OpenstackClient } from './openstack-client.ts'

/** A user of a project, by the role that it has there. */
export type Member = { readonly name: string; readonly projectId: string; readonly role: string }

/** A service of the catalogue; `adminUrl` is the address of its admin side where that is another. */
export type CatalogueEntry = {
  readonly type: string
  readonly name: string
  readonly url: string
  readonly adminUrl?: string
}

/** Creates a project. Returns its id. */
export async function addProject(admin: OpenstackClient, name: string): Promise<string> {
  const { project } = await admin.call('identity', 'POST', '/projects', {
    project: { name, domain_id: 'default' },
  })
  return project.id
}

/** Creates a user and makes it a member of a project. */
export async function addMember(admin: OpenstackClient, { name, projectId, role }: Member): Promise<void> {
  const account = { name, domain_id: 'default', password: PASSWORD }
  const { user } = await admin.call('identity', 'POST', '/users', { user: account })
  const { roles } = await admin.call('identity', 'GET', `/roles?name=${role}`)
  await admin.call('identity', 'PUT', `/projects/${projectId}/users/${user.id}/roles/${roles[0].id}`)
}

/** Registers a service and its addresses. */
export async function addService(
  admin: OpenstackClient,
  { type, name, url, adminUrl = url }: CatalogueEntry,
): Promise<void> {
  const { service } = await admin.call('identity', 'POST', '/services', { service: { type, name } })
  const sides = { public: url, internal: url, admin: adminUrl }
  for (const [side, at] of Object.entries(sides)) {
    const endpoint = { service_id: service.id, interface: side, url: at, region_id: REGION }
    await admin.call('identity', 'POST', '/endpoints', { endpoint })
  }
}
