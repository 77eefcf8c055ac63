import { writeSync } from 'node:fs'

/** A wait that is longer than this is announced, ms. */
const SILENT_MS = 3000

/**
 * Waits for work on a server that `what` names. Says so on standard error when it takes longer than 3 s. The
 * first SIGINT or SIGTERM ends the process with 1 and a sentence, since the command has not done its work.
 *
 * @example
 * const store = await tellWait('the database at 127.0.0.1:3306/winchester', openStore(config))
 */
export async function tellWait<T>(what: string, work: Promise<T>): Promise<T> {
  const timer = setTimeout(() => process.stderr.write(`waiting for ${what}\n`), SILENT_MS)
  const stop = () => {
    writeSync(2, `stopped while waiting for ${what}\n`)
    process.exit(1)
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  try {
    return await work
  } finally {
    clearTimeout(timer)
    process.off('SIGINT', stop)
    process.off('SIGTERM', stop)
  }
}
