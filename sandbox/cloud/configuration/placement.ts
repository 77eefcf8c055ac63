import { type CloudAddresses, logFile } from '../addresses.ts'
import { account, databaseOf } from './common.ts'
import type { Ini } from './ini.ts'

/** Returns placement.conf. Placement sends no notifications. */
export function placementConf(at: CloudAddresses): Ini {
  return {
    DEFAULT: { log_file: logFile(at, 'placement') },
    api: { auth_strategy: 'keystone' },
    keystone_authtoken: account(at, 'placement'),
    placement_database: { connection: databaseOf(at, 'placement') },
  }
}
