import type { Checked } from '../../config/load/load-checked.ts'
import { ConfigError, errorsAmong, messageOf } from '../../domain/errors.ts'
import type { Logger } from '../../runtime/logger.ts'
import type { ReloadOutcome } from './outcome.ts'

/**
 * Reads a configuration again for SIGHUP: `take` reads it and puts it in force, or rejects and leaves the last one. Logs, and resolves to,
 * what became of it; `sentence` is that of success.
 */
export async function readAgain(
  logger: Logger,
  sentence: string,
  take: () => Promise<void>,
): Promise<ReloadOutcome> {
  try {
    await take()
    logger.info({}, sentence)
    return { ok: true, sentence }
  } catch (error) {
    const failure = `the configuration was not taken, and the last one stays: ${messageOf(error)}`
    logger.error({}, failure)
    return { ok: false, sentence: failure }
  }
}

/** Returns a configuration that was read. Throws ConfigError with its errors where it has some. */
export function requireFaultless<T>(read: Checked<T>): T {
  const errors = errorsAmong(read.findings)
  if (!read.config || errors.length > 0) throw new ConfigError('it has faults', errors)
  return read.config
}
