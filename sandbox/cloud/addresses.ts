import { join } from 'node:path'
import { freePort } from '../servers/server-process.ts'

export type CloudPorts = {
  readonly identity: number
  readonly placement: number
  readonly image: number
  readonly compute: number
  /** port of a second compute API, whose deleted servers can be restored */
  readonly keeping: number
  readonly network: number
}

/** Addresses and folders by which the parts of a cloud find each other. */
export type CloudAddresses = {
  readonly folder: string
  readonly ports: CloudPorts
  readonly amqpUrl: string
  /** URL of an account that may create databases, without a database name */
  readonly databaseUrl: string
}

export async function choosePorts(): Promise<CloudPorts> {
  return {
    identity: await freePort(),
    placement: await freePort(),
    image: await freePort(),
    compute: await freePort(),
    keeping: await freePort(),
    network: await freePort(),
  }
}

export function urlOf(port: number, path = ''): string {
  return `http://127.0.0.1:${port}${path}`
}

export function logFile({ folder }: CloudAddresses, name: string): string {
  return join(folder, 'log', `${name}.log`)
}

/** Returns the data folder of a part. */
export function dataFolder({ folder }: CloudAddresses, name: string): string {
  return join(folder, 'data', name)
}

/** Returns the folder of a part's configuration files. */
export function configFolder({ folder }: CloudAddresses, name: string): string {
  return join(folder, 'etc', name)
}

/** Returns the path of a configuration file from its path below `etc`. */
export function configFile({ folder }: CloudAddresses, path: string): string {
  return join(folder, 'etc', path)
}
