import type { Findings } from '../checks/findings.ts'
import type { Environment } from '../documents/interpolate.ts'
import type { Config } from './config.ts'

/**
 * The fault of a handler in a pipeline, of a parameter without effect there, or of a handler of
 * pipeline_handlers that no pipeline uses.
 */
export type FaultyHandler = { readonly message: string } & (
  | { readonly pipeline: string; readonly step: number; readonly parameter?: string }
  | { readonly handler: string }
)

/** Finds the faults of the handlers of a configuration. */
export type CheckHandlers = (config: Config) => Promise<readonly FaultyHandler[]>

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
