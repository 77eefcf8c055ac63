import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { onTestFinished } from 'vitest'

const STV3 = resolve(import.meta.dirname, '../../../src/cli/stv3.ts')

/** Runs stv3 in a terminal of its own. Resolves to all that the terminal was sent. */
export async function runInTerminal(args: readonly string[]): Promise<string> {
  const command = [process.execPath, STV3, ...args].map(quoted).join(' ')
  const child = spawn('script', ['-qefc', command, '/dev/null'], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  let sent = ''
  child.stdout.on('data', (data) => {
    sent += data
  })
  await once(child, 'close')
  return sent
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`
}
