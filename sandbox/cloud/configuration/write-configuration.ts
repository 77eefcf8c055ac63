import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type CloudAddresses, configFolder, dataFolder } from '../addresses.ts'
import type { CloudSettings } from '../cloud-settings.ts'
import { GLANCE_PASTE, glanceConf } from './glance.ts'
import { type Ini, iniText } from './ini.ts'
import { keystoneConf } from './keystone.ts'
import { computeConf, controllerConf, keepingConf, NOVA_PASTE } from './nova.ts'
import { placementConf } from './placement.ts'

const DATA = ['fernet', 'credential', 'images', 'staging', 'tasks', 'locks', 'controller']

/** Writes all configuration files of a cloud, and creates the folders that they name. */
export async function writeConfiguration(
  at: CloudAddresses,
  settings: CloudSettings,
  hosts: readonly string[],
): Promise<void> {
  await mkdir(join(at.folder, 'log'), { recursive: true })
  for (const name of [...DATA, ...hosts]) await mkdir(dataFolder(at, name), { recursive: true, mode: 0o700 })
  const files: readonly (readonly [string, string, Ini])[] = [
    ['keystone', 'keystone.conf', keystoneConf(at, settings)],
    ['placement', 'placement.conf', placementConf(at)],
    ['glance', 'glance-api.conf', glanceConf(at, settings)],
    ['glance', 'glance-api-paste.ini', GLANCE_PASTE],
    ['nova', 'api-paste.ini', NOVA_PASTE],
    ['nova', 'controller.conf', controllerConf(at, settings)],
    ['nova', 'keeping.conf', keepingConf(at, settings)],
    ...hosts.map((host) => ['nova', `${host}.conf`, computeConf(at, settings, host)] as const),
  ]
  for (const [part, name, ini] of files) {
    await mkdir(configFolder(at, part), { recursive: true })
    await writeFile(join(configFolder(at, part), name), iniText(ini), { mode: 0o600 })
  }
}
