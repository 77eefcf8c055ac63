import { PASSWORD, REGION } from './configuration/common.ts'
import { runPython } from './python-program.ts'

/**
 * Environment that disables notifications while Keystone's first account is created: tests must be on the
 * broker before OpenStack sends anything.
 */
const SILENT = { OS_OSLO_MESSAGING_NOTIFICATIONS__DRIVER: 'noop' }

/**
 * Creates Keystone's tables and keys, and the user `admin` of the project `admin`. Its configuration is in a folder;
 * `url` is its address, which ends in /v3.
 */
export async function bootstrapKeystone(folder: string, url: string): Promise<void> {
  const manage = (...args: string[]) =>
    runPython({
      name: 'keystone-manage',
      module: 'keystone.cmd.manage',
      args: ['--config-dir', folder, ...args],
      env: SILENT,
    })
  await manage('db_sync')
  await manage('fernet_setup', ...owner())
  await manage('credential_setup', ...owner())
  await manage(
    'bootstrap',
    ...['--bootstrap-password', PASSWORD, '--bootstrap-region-id', REGION],
    ...['--bootstrap-admin-url', url, '--bootstrap-internal-url', url, '--bootstrap-public-url', url],
  )
}

/** Returns the options that name the owner of Keystone's keys. */
function owner(): string[] {
  const [user, group] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0]
  return ['--keystone-user', String(user), '--keystone-group', String(group)]
}
