import { ConfigError, type Finding } from '../../domain/errors.ts'
import { Findings, isFatal } from '../checks/findings.ts'
import type { Environment } from '../documents/interpolate.ts'
import type { Config } from './config.ts'
import type { LoadContext, LoadMode } from './load-context.ts'
import { loadWinchester } from './load-winchester.ts'
import { loadYagi } from './load-yagi.ts'

/** All findings of a configuration, and the configuration itself if it can be used. */
export type CheckedConfig = { readonly findings: readonly Finding[]; readonly config: Config | undefined }

/**
 * Loads a `winchester.yaml`, or a `yagi.conf` or `quincy.conf` that names one. Rejects with a ConfigError,
 * with all findings, when the configuration cannot be used.
 *
 * @example
 * const config = await loadConfig('/etc/stacktach/winchester.yaml', process.env)
 * console.log(config.triggers.length)
 */
export async function loadConfig(file: string, environment: Environment): Promise<Config> {
  const { config, findings } = await checkConfig(file, environment)
  if (config) return config
  throw new ConfigError(`the configuration ${file} cannot be used`, findings.filter(isFatal))
}

/**
 * Loads a configuration as loadConfig does, and rejects with a ConfigError when there is no winchester.yaml:
 * for all that needs events, streams or pipelines.
 */
export async function loadWholeConfig(file: string, environment: Environment): Promise<Config> {
  const config = await loadConfig(file, environment)
  if (config.hasWinchester) return config
  throw new ConfigError(`${file} names no winchester.yaml: expected config_file in a section [winchester]`)
}

/**
 * Reads all files of a configuration and collects all findings. Rejects only when `file` itself cannot be
 * read.
 */
export async function checkConfig(
  file: string,
  environment: Environment,
  mode: LoadMode = { mode: 'load' },
): Promise<CheckedConfig> {
  const findings = new Findings()
  const context: LoadContext = { ...mode, environment, findings }
  const config = /\.(ya?ml)$/.test(file) ? await loadWinchester(file, context) : await loadYagi(file, context)
  const usable = !findings.list.some(isFatal)
  return {
    findings: findings.list,
    config: usable && config ? { ...config, warnings: findings.list } : undefined,
  }
}
