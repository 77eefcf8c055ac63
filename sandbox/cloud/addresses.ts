import { join } from 'node:path'
import { freePort } from '../servers/server-process.ts'

export type CloudPorts = {
  readonly identity: number
  readonly placement: number
  readonly image: number
  readonly compute: number
  /** a second compute API, which keeps deleted servers to be restored */
  readonly keeping: number
  readonly network: number
}

/** Where the parts of a cloud find each other, and their files. */
export type CloudAddresses = {
  readonly folder: string
  readonly ports: CloudPorts
  readonly amqpUrl: string
  /** of an account that may create databases; its path is empty */
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

/** A folder of a part's data. */
export function dataFolder({ folder }: CloudAddresses, name: string): string {
  return join(folder, 'data', name)
}

/** Configuration files of a part. */
export function configFolder({ folder }: CloudAddresses, name: string): string {
  return join(folder, 'etc', name)
}

/** A configuration file by its path below `etc`. */
export function configFile({ folder }: CloudAddresses, path: string): string {
  return join(folder, 'etc', path)
}
