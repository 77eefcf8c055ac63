import { CloudServer, GONE } from '../../../sandbox/cloud/cloud-server.ts'
import type { Wares } from '../../../sandbox/cloud/wares.ts'

/** Servers by the name of what happens to them. */
export type Servers = Map<string, CloudServer>

type Deed = (server: CloudServer, wares: Wares) => Promise<void>
type Deeds = { readonly [name: string]: Deed }

const ACTIVE = 'ACTIVE'
const RESIZE = { resize: { flavorRef: 'medium' } }

/** What happens on the first day, before the broker restarts. */
export const MORNING: Deeds = {
  plain: async () => {},
  resized: async (server) => {
    await server.act(RESIZE, 'VERIFY_RESIZE')
    await server.act({ confirmResize: null }, ACTIVE)
  },
  reverted: async (server) => {
    await server.act(RESIZE, 'VERIFY_RESIZE')
    await server.act({ revertResize: null }, ACTIVE)
  },
  rebuilt: (server, { ubuntu }) => server.act({ rebuild: { imageRef: ubuntu } }, ACTIVE),
  rescued: (server) => server.act({ rescue: {} }, 'RESCUE'),
  unrescued: async (server) => {
    await server.act({ rescue: {} }, 'RESCUE')
    await server.act({ unrescue: null }, ACTIVE)
  },
  restarted: async (server) => {
    await server.act({ 'os-stop': null }, 'SHUTOFF')
    await server.act({ 'os-start': null }, ACTIVE)
  },
  restored: async (server) => {
    await server.softDelete()
    await server.act({ restore: null }, ACTIVE)
  },
  'soft deleted': (server) => server.softDelete(),
}

/** What happens on the first day, after it. */
export const AFTERNOON: Deeds = {
  shelved: (server) => server.act({ shelve: null }, 'SHELVED_OFFLOADED'),
  unshelved: async (server) => {
    await server.act({ shelve: null }, 'SHELVED_OFFLOADED')
    await server.act({ unshelve: null }, ACTIVE)
  },
  deleted: (server) => server.delete(),
  'resized and rebuilt': async (server, { ubuntu }) => {
    await server.act(RESIZE, 'VERIFY_RESIZE')
    await server.act({ confirmResize: null }, ACTIVE)
    await server.act({ rebuild: { imageRef: ubuntu } }, ACTIVE)
  },
  'with a snapshot': (server) => server.act({ createImage: { name: 'snapshot' } }, ACTIVE),
  'deleted before midnight': async () => {},
}

/** What happens on the second day to servers of the first. */
export const NEXT_DAY: Deeds = {
  plain: (server) => server.delete(),
  'soft deleted': (server) => server.act({ forceDelete: null }, GONE),
  rescued: (server) => server.act({ unrescue: null }, ACTIVE),
  resized: (server) => server.act({ 'os-stop': null }, 'SHUTOFF'),
}

/** Boots a server for each deed, and does it, all at the same time. */
export async function bootAll(servers: Servers, wares: Wares, deeds: Deeds): Promise<void> {
  const done = Object.entries(deeds).map(async ([name, deed]) => {
    const server = await boot(servers, wares, name)
    await server.settled(ACTIVE)
    await deed(server, wares)
  })
  await Promise.all(done)
}

/** Does deeds to servers that are there. */
export async function doAll(servers: Servers, wares: Wares, deeds: Deeds): Promise<void> {
  const done = Object.entries(deeds).map(async ([name, deed]) => deed(one(servers, name), wares))
  await Promise.all(done)
}

/** A server for which no host has room. */
export async function bootWithoutHost(servers: Servers, wares: Wares): Promise<void> {
  const server = await CloudServer.boot(wares, { name: 'without a host', flavor: 'huge' })
  servers.set(server.name, server)
  await server.settled('ERROR')
}

/** Servers that their owner does not want any more before they run: one without a host yet, one that is built. */
export async function deleteBeforeLaunch(servers: Servers, wares: Wares): Promise<void> {
  await (await boot(servers, wares, 'deleted at once')).delete()
  const building = await boot(servers, wares, 'deleted while building')
  await building.placed()
  await building.delete()
}

export function one(servers: Servers, name: string): CloudServer {
  const server = servers.get(name)
  if (!server) throw new Error(`there is no server ${name}`)
  return server
}

async function boot(servers: Servers, wares: Wares, name: string): Promise<CloudServer> {
  const server = await CloudServer.boot(wares, { name })
  servers.set(name, server)
  return server
}
