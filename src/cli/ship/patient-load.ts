import { logFindings } from '../../assembly/daemon.ts'
import type { Checked } from '../../config/load/load-checked.ts'
import { formatFinding, messageOf } from '../../domain/errors.ts'
import { sleep } from '../../runtime/backoff.ts'
import type { Logger } from '../../runtime/logger.ts'

/** Wait after which a configuration with a fault is read again, ms. */
const AGAIN_MS = 30_000

/**
 * Loads a configuration for a daemon. One that cannot be used is told, and read again every 30 s, as hermes does. Resolves to undefined
 * when the signal aborts first.
 */
export async function loadPatiently<T>(
  load: () => Promise<Checked<T>>,
  logger: Logger,
  signal: AbortSignal,
): Promise<T | undefined> {
  let told = ''
  while (!signal.aborted) {
    const sentences: string[] = []
    try {
      const { findings, config } = await load()
      if (config) {
        logFindings(findings, logger)
        return config
      }
      sentences.push(...findings.map(formatFinding))
    } catch (error) {
      sentences.push(messageOf(error))
    }
    const text = `the configuration cannot be used, and is read again every 30 s: ${sentences.join('; ')}`
    if (text !== told) logger.error({}, text)
    told = text
    await sleep(AGAIN_MS, signal)
  }
  return undefined
}
