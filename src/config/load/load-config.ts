import { ConfigError, type Problem } from '../../domain/errors.ts'
import { isFatal, Problems } from '../checks/problems.ts'
import type { Environment } from '../documents/interpolate.ts'
import type { Config } from './config.ts'
import type { LoadContext, LoadMode } from './load-context.ts'
import { loadWinchester } from './load-winchester.ts'
import { loadYagi } from './load-yagi.ts'

/** Every problem of a configuration, and the configuration itself when it can be used. */
export type CheckedConfig = { readonly problems: readonly Problem[]; readonly config: Config | undefined }

/**
 * Loads a `winchester.yaml`, or a `yagi.conf` or `quincy.conf` that names one. Throws ConfigError, with all its
 * problems, when it cannot be used.
 */
export async function loadConfig(file: string, environment: Environment): Promise<Config> {
  const { config, problems } = await checkConfig(file, environment)
  if (config) return config
  throw new ConfigError(`the configuration ${file} cannot be used`, problems.filter(isFatal))
}

/** Reads everything and collects every problem. Rejects only when the file itself cannot be read. */
export async function checkConfig(
  file: string,
  environment: Environment,
  mode: LoadMode = { mode: 'load' },
): Promise<CheckedConfig> {
  const problems = new Problems()
  const context: LoadContext = { ...mode, environment, problems }
  const config = /\.(ya?ml)$/.test(file) ? await loadWinchester(file, context) : await loadYagi(file, context)
  const usable = !problems.list.some(isFatal)
  return {
    problems: problems.list,
    config: usable && config ? { ...config, warnings: problems.list } : undefined,
  }
}
