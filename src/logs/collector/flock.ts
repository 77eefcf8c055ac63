import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { StackTachError } from '../../domain/errors.ts'

/**
 * Locks an open file against all who lock it by flock(2), and waits as long as any does. The lock lasts until the descriptor
 * is closed. Node has no flock: the program of that name takes the lock on the descriptor that it gets, which is ours. Rejects
 * when the signal aborts, and with StackTachError where the program fails.
 */
export async function lockFile(fd: number, signal: AbortSignal): Promise<void> {
  const child = spawn('flock', ['--exclusive', '3'], { stdio: ['ignore', 'ignore', 'pipe', fd], signal })
  const [said, [code]] = await Promise.all([text(child.stdio[2] as Readable), once(child, 'close')])
  if (code !== 0)
    throw new StackTachError('io', `cannot lock the file: ${said.trim() || `flock ended with ${code}`}`)
}
