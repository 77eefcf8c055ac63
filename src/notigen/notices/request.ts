import type { Micros } from '../../domain/time.ts'
import type { Project } from '../instance/catalog.ts'
import type { Random } from '../random.ts'

/** The API request behind an operation. All notifications of the operation carry it as their context. */
export type Request = {
  readonly id: string
  readonly at: Micros
  readonly project: Project
  /** undefined for actions that a service takes by itself */
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

/** Creates the request of a periodic task of the cloud, such as the audit after midnight. */
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
