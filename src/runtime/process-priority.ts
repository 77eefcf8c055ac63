import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { setPriority } from 'node:os'
import { promisify } from 'node:util'
import { messageOf } from '../domain/errors.ts'
import type { Logger } from './logger.ts'

const CLASSES = { idle: '3', 'best-effort': '2' } as const

export type ProcessPriority = {
  /** as of nice(1) */
  readonly nice?: number | undefined
  /** as of ionice(1) */
  readonly ioClass?: keyof typeof CLASSES | undefined
}

/**
 * Lowers the priority of this process and of its input and output, for all of its threads. What the system refuses, or has no ionice for,
 * is told and changes nothing.
 */
export async function lowerPriority({ nice, ioClass }: ProcessPriority, logger: Logger): Promise<void> {
  if (nice === undefined && ioClass === undefined) return
  try {
    const threads = readdirSync('/proc/self/task')
    if (nice !== undefined) for (const thread of threads) setPriority(Number(thread), nice)
    if (ioClass !== undefined) await promisify(execFile)('ionice', ['-c', CLASSES[ioClass], '-p', ...threads])
  } catch (error) {
    logger.warn({}, `the priority of this process stays as it is: ${messageOf(error)}`)
  }
}
