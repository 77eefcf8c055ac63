import { existsSync } from 'node:fs'

const SETPRIV = ['/usr/bin/setpriv', '/bin/setpriv'].find((path) => existsSync(path))

/**
 * Returns a command that ends with SIGTERM when the process that started it dies, however that dies. Where the
 * system has no setpriv, the command is returned as it is.
 */
export function guarded(command: readonly string[]): readonly string[] {
  return SETPRIV ? [SETPRIV, '--pdeathsig', 'TERM', ...command] : command
}
