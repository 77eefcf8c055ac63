import type { Finding } from '../../domain/errors.ts'
import type { Findings } from '../checks/findings.ts'
import type { Environment } from '../documents/interpolate.ts'
import type { Config } from './config.ts'

/** Finds the faults of the handlers of a configuration. */
export type CheckHandlers = (config: Config) => Promise<readonly Finding[]>

/**
 * The purpose of reading a configuration. `load`: to run it; each daemon finds the faults of the apps,
 * handlers and certificates that it uses. `check`: to find all faults.
 */
export type LoadMode =
  | { readonly mode: 'load' }
  | { readonly mode: 'check'; readonly checkHandlers: CheckHandlers }

/** The state that the loaders of all files share. */
export type LoadContext = LoadMode & {
  readonly environment: Environment
  readonly findings: Findings
}
