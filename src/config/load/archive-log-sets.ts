import { dirname, resolve } from 'node:path'
import { messageOf } from '../../domain/errors.ts'
import { compileLogSet } from '../../ship/log-sets/compile-log-set.ts'
import type { LogSet } from '../../ship/log-sets/log-set.ts'
import { GLOBAL } from '../../ship/log-sets/log-set-config.ts'
import type { Findings } from '../checks/findings.ts'
import type { Environment } from '../documents/interpolate.ts'
import type { ConfigDocument } from '../documents/yaml-document.ts'
import type { ShipSettings } from '../schemas/ship-schema.ts'
import { loadConfig } from './load-config.ts'

/** The log sets of archives, and the folders of complete files that they ship. */
export type ArchiveLogSets = { readonly sets: readonly LogSet[]; readonly folders: readonly string[] }

/** Time for which a file that is shipped stays here where nothing else is said: its archive deletes it by archive_days. */
const CENTURY_S = 100 * 365 * 86_400

/**
 * Returns a log set for the folder of complete files of each archive of a configuration, `archive` or `archive-2` … by name. Adds a
 * finding where the configuration cannot be used, or has no archive.
 */
export async function archiveLogSets(
  file: string,
  settings: ShipSettings['archive'],
  environment: Environment,
  document: ConfigDocument,
  findings: Findings,
): Promise<ArchiveLogSets> {
  if (!settings) return { sets: [], folders: [] }
  const position = document.positionOf(['archive'])
  const folders: string[] = []
  try {
    const { yagi } = await loadConfig(resolve(dirname(file), settings.config), environment)
    for (const { archive } of yagi?.queues ?? [])
      if (archive && !folders.includes(archive.destinationFolder)) folders.push(archive.destinationFolder)
    if (folders.length === 0)
      findings.error('archive', ['archive'], `${settings.config} has no archive`, position)
  } catch (error) {
    findings.error('archive', ['archive'], messageOf(error), position)
  }
  const sets = folders.flatMap((folder, index) => {
    const config = {
      name: index === 0 ? 'archive' : `archive-${index + 1}`,
      search_dirs: [folder],
      // What begins with a dot is not complete, or beside a file.
      regex: `^${RegExp.escape(folder)}/([^./][^/]*)$`,
      manta_path: settings.manta_path,
      debounce_time: settings.debounce_time,
      retain_time: settings.retain_time ?? CENTURY_S,
      zones: [GLOBAL],
      target: settings.target,
      compress: settings.compress,
      encrypt: settings.encrypt,
      alert_after: settings.alert_after,
    }
    const set = compileLogSet(config, ({ severity, code, message }) =>
      findings.add({ severity, code, path: ['archive'], message, position }),
    )
    return set ? [set] : []
  })
  return { sets, folders }
}
