import fs from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import type { Journal } from '../../../src/ship/journal.ts'

// Lets what runs in this process end as if it were killed: from one touch of the disk on, nothing of it goes on any more, its
// `finally` neither. `kill-at.ts` kills real processes at the same places.

const FUNCTIONS = ['open', 'rename', 'link', 'unlink', 'rmdir', 'mkdir', 'lstat'] as const
const METHODS = ['write', 'writeFile', 'read', 'stat', 'sync', 'close'] as const
const WRITES = ['save', 'leave', 'left', 'gone'] as const

type Functions = { [name: string]: (...args: never[]) => unknown }
type Run = { left: number; hasEnded: boolean; end(): void }

/** The run in which the disk is touched; undefined for the test itself. */
let current: Run | undefined
/** Handles of runs that have ended: Node complains of those that are collected open. */
const handles: unknown[] = []

function never(): Promise<never> {
  return new Promise(() => {})
}

/** Returns whether a run has ended by now. */
function hasEnded(run: Run): boolean {
  if (!run.hasEnded && run.left-- <= 0) {
    run.hasEnded = true
    run.end()
  }
  return run.hasEnded
}

function counted(of: Functions, name: string): void {
  const real = of[name] as Functions[string]
  of[name] = function (this: unknown, ...args: never[]) {
    const run = current
    if (run && hasEnded(run)) return never()
    const result = real.apply(this, args)
    if (name === 'open')
      void (result as Promise<unknown>).then(
        (handle) => handles.push(handle),
        () => {},
      )
    return result
  }
}

const probe = await fs.open(import.meta.filename)
const handle = Object.getPrototypeOf(probe) as Functions
await probe.close()
for (const name of METHODS) counted(handle, name)
for (const name of FUNCTIONS) counted(fs as unknown as Functions, name)
syncBuiltinESMExports()

/** Returns a journal each of whose writes counts as a touch of the disk. */
export function countedJournal(journal: Journal): Journal {
  return new Proxy(journal, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      return (...args: unknown[]) => {
        if (current && WRITES.includes(name as never) && hasEnded(current)) throw new Error('killed')
        return value.apply(target, args)
      }
    },
  })
}

/**
 * Runs work until it ends or has touched the disk `touches` times; then nothing of it goes on. Resolves to whether it ended by
 * itself.
 */
export async function runUntil(touches: number, work: () => Promise<unknown>): Promise<boolean> {
  let run: Run | undefined
  const killed = new Promise<boolean>((resolve) => {
    run = { left: touches, hasEnded: false, end: () => resolve(false) }
  })
  current = run
  try {
    return await Promise.race([
      work().then(
        () => !(run as Run).hasEnded,
        (error) => {
          if (!(run as Run).hasEnded) throw error
          return false
        },
      ),
      killed,
    ])
  } finally {
    current = undefined
  }
}
