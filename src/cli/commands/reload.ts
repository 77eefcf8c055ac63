import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import type { Command } from 'commander'
import { type ReloadOutcome, type ReloadState, readReloadState } from '../../assembly/reload/outcome.ts'
import { messageOf, StackTachError } from '../../domain/errors.ts'
import { createCommand, parseWhole, print } from '../program.ts'
import { tellWait } from '../tell-wait.ts'

type Options = { pid: readonly number[] }

/** The bit of SIGHUP in the masks of /proc/PID/status. */
const HANGUP = 1n
/** How long the outcome is waited for, ms. */
const LONGEST_WAIT_MS = 30_000
const LOOK_MS = 50

/** Creates `stv3 reload`, which has running daemons read their configuration again. */
export function reloadCommand(): Command {
  return createCommand(
    'reload',
    'have running daemons read their configuration again, as SIGHUP does, and print what came of it',
    'stv3 reload --pid 4711',
  )
    .requiredOption(
      '--pid <number>',
      'process of consume, work, api or up; may be given several times',
      (text: string, before: readonly number[] = []) => [...before, parseWhole(1)(text)],
    )
    .action(reload)
}

async function reload({ pid: pids }: Options): Promise<void> {
  const refused: number[] = []
  for (const pid of pids) if (!(await reloadOne(pid))) refused.push(pid)
  if (refused.length > 0) throw new StackTachError('config', `not reloaded: process ${refused.join(', ')}`)
}

/** Returns whether the process has reloaded, or may have. */
async function reloadOne(pid: number): Promise<boolean> {
  requireDaemon(pid)
  const before = readReloadState(pid)
  try {
    process.kill(pid, 'SIGHUP')
  } catch (error) {
    throw new StackTachError('config', `process ${pid} cannot be told to reload: ${messageOf(error)}`)
  }
  const outcome = before && (await tellWait(`process ${pid}`, nextOutcome(pid, before)))
  const unknown = 'has been told to reload; what comes of it is in its log'
  await print(`process ${pid}: ${outcome?.sentence ?? unknown}\n`)
  return outcome?.ok ?? true
}

/** Throws when there is no such process, or it is one that SIGHUP would end. */
function requireDaemon(pid: number): void {
  let status: string
  try {
    status = readFileSync(`/proc/${pid}/status`, 'utf8')
  } catch (error) {
    // Where there is no /proc, the signal itself finds out.
    if (process.platform !== 'linux') return
    throw new StackTachError('not_found', `there is no process ${pid}`, { cause: error })
  }
  const caught = BigInt(`0x${/^SigCgt:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`)
  if ((caught & HANGUP) === 0n) {
    const reason = 'it is no daemon of stv3, or has only just begun, and SIGHUP would end it'
    throw new StackTachError('config', `process ${pid} does not reload: ${reason}`)
  }
}

/**
 * Resolves to the outcome of the reload that a signal has asked for; undefined when it does not come in time or the
 * process ends.
 */
async function nextOutcome(pid: number, before: ReloadState): Promise<ReloadOutcome | undefined> {
  const deadline = performance.now() + LONGEST_WAIT_MS
  let own: number | undefined
  while (performance.now() < deadline) {
    const state = readReloadState(pid)
    if (!state) return undefined
    if (state.received > before.received) own ??= state.received
    if (own !== undefined && state.served >= own) return state.outcome
    await delay(LOOK_MS)
  }
  return undefined
}
