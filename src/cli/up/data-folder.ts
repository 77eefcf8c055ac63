import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'

/**
 * Returns the folder in which `stv3 up` keeps its data where none is named: `sandbox/data` of a checkout, else
 * `stacktach` in the folder for the state of programs (XDG_STATE_HOME, by default `~/.local/state`).
 *
 * @example
 * defaultDataFolder('/opt/stv3/lib', { XDG_STATE_HOME: '/var/lib' })   // '/var/lib/stacktach'
 */
export function defaultDataFolder(root: string, env: NodeJS.ProcessEnv, home = homedir()): string {
  if (isCheckout(root)) return join(root, 'sandbox/data')
  const { XDG_STATE_HOME: state } = env
  // The specification of XDG has relative paths ignored.
  const folder = state && isAbsolute(state) ? state : join(home, '.local/state')
  return join(folder, 'stacktach')
}

/** Returns whether a folder is a checkout of the sources, not an installed package. */
export function isCheckout(root: string): boolean {
  return existsSync(join(root, 'sandbox/build.sh'))
}
