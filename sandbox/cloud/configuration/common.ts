import { type CloudAddresses, urlOf } from '../addresses.ts'
import type { CloudSettings } from '../cloud-settings.ts'
import type { Ini, Section } from './ini.ts'

/** Password of all accounts of a cloud, which listens on this machine only. */
export const PASSWORD = 'secret'
export const REGION = 'RegionOne'

/** Returns the credentials with which a service logs in to Keystone. */
export function account(at: CloudAddresses, username: string): Section {
  return {
    auth_type: 'password',
    auth_url: urlOf(at.ports.identity, '/v3'),
    username,
    password: PASSWORD,
    project_name: 'service',
    user_domain_name: 'Default',
    project_domain_name: 'Default',
    region_name: REGION,
  }
}

export function databaseOf(at: CloudAddresses, name: string): string {
  const url = new URL(at.databaseUrl)
  return `mysql+pymysql://${url.username}:${url.password}@${url.host}/${name}?charset=utf8mb4`
}

export function transportUrl(at: CloudAddresses): string {
  return at.amqpUrl.replace(/^amqp:(.*?)\/?$/, 'rabbit:$1/')
}

/** Returns the messaging sections, the same for all services that send notifications. */
export function messaging({ driver, durable, quorum }: CloudSettings): Ini {
  return {
    oslo_messaging_notifications: { driver },
    oslo_messaging_rabbit: { amqp_durable_queues: durable, rabbit_quorum_queue: quorum },
  }
}
