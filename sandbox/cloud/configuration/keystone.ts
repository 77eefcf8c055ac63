import { type CloudAddresses, dataFolder, logFile } from '../addresses.ts'
import type { CloudSettings } from '../cloud-settings.ts'
import { databaseOf, messaging, transportUrl } from './common.ts'
import type { Ini } from './ini.ts'

const HUNDRED_DAYS_S = 8_640_000

/** Returns keystone.conf. Tokens outlive every move of the cloud's clock. */
export function keystoneConf(at: CloudAddresses, settings: CloudSettings): Ini {
  return {
    DEFAULT: {
      log_file: logFile(at, 'keystone'),
      transport_url: transportUrl(at),
      notification_format: 'basic',
    },
    database: { connection: databaseOf(at, 'keystone') },
    token: { expiration: HUNDRED_DAYS_S },
    fernet_tokens: { key_repository: dataFolder(at, 'fernet') },
    credential: { key_repository: dataFolder(at, 'credential') },
    ...messaging(settings),
  }
}
