import { createInterface } from 'node:readline/promises'
import { UsageError } from '../program.ts'

/**
 * Asks a question on the terminal and resolves to whether the answer is y or yes. Throws UsageError, which
 * names the option that answers beforehand, where standard input is no terminal.
 *
 * @example
 * if (!(await isConfirmed('delete stream 17? [y/N] ', '--delete needs --yes'))) return
 */
export async function isConfirmed(question: string, otherwise: string): Promise<boolean> {
  if (!process.stdin.isTTY) throw new UsageError(`cannot ask without a terminal: ${otherwise}`)
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return /^y(es)?$/i.test((await terminal.question(question)).trim())
  } finally {
    terminal.close()
  }
}
