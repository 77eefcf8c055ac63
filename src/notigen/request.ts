import type { Micros } from '../domain/time.ts'
import type { Project } from './catalog.ts'
import type { Random } from './random.ts'

/** Who asked for an operation; all its notifications carry it as their context. */
export type Request = {
  readonly id: string
  readonly at: Micros
  readonly project: Project
  /** undefined for what a service does by itself */
  readonly token: string | undefined
  readonly remoteAddress: string | undefined
  readonly isAdmin: boolean
}

const SERVICE: Project = {
  id: '1',
  name: 'service',
  userId: 'nova',
  userName: 'nova',
  networkId: '00000000-0000-4000-8000-000000000001',
}

export function userRequest(project: Project, at: Micros, random: Random): Request {
  return {
    id: `req-${random.uuid()}`,
    at,
    project,
    token: random.hex(32),
    remoteAddress: `10.0.${random.int(0, 255)}.${random.int(1, 254)}`,
    isAdmin: false,
  }
}

/** A periodic task of the cloud itself, such as the audit after midnight. */
export function serviceRequest(at: Micros, random: Random): Request {
  return {
    id: `req-${random.uuid()}`,
    at,
    project: SERVICE,
    token: undefined,
    remoteAddress: undefined,
    isAdmin: true,
  }
}
