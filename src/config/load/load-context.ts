import type { Problems } from '../checks/problems.ts'
import type { Environment } from '../documents/interpolate.ts'
import type { Config } from './config.ts'

/**
 * Fault of a handler at its place in a pipeline, of a parameter there that has no effect, or of a handler of
 * pipeline_handlers that no pipeline uses.
 */
export type FaultyHandler = { readonly message: string } & (
  | { readonly pipeline: string; readonly step: number; readonly parameter?: string }
  | { readonly handler: string }
)

/** Finds what is wrong with the handlers of a configuration. */
export type CheckHandlers = (config: Config) => Promise<readonly FaultyHandler[]>

/**
 * Purpose of reading a configuration. `load`: to run it; each daemon finds the faults of the apps, handlers and
 * certificates that it uses. `check`: to find all faults.
 */
export type LoadMode =
  | { readonly mode: 'load' }
  | { readonly mode: 'check'; readonly checkHandlers: CheckHandlers }

/** State that the loaders of all files share. */
export type LoadContext = LoadMode & {
  readonly environment: Environment
  readonly problems: Problems
}
