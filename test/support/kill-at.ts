import fs from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'

// Is loaded before a program, which ends like one that is killed, just before the n-th time that it touches the
// disk. STACKTACH_KILL_AT is that number.

const killAt = Number(process.env.STACKTACH_KILL_AT)
let count = 0

/** Names of functions that change what is on disk, or wait for it. */
const FUNCTIONS = ['open', 'rename', 'link', 'unlink', 'rm', 'writeFile', 'copyFile'] as const
const METHODS = ['appendFile', 'write', 'writeFile', 'sync', 'datasync', 'truncate', 'close'] as const

type Functions = { [name: string]: (...args: unknown[]) => unknown }

function counted(of: Functions, name: string): void {
  const real = of[name] as Functions[string]
  of[name] = function (this: unknown, ...args: unknown[]) {
    count++
    if (count === killAt) process.kill(process.pid, 'SIGKILL')
    return real.apply(this, args)
  }
}

const probe = await fs.open(import.meta.filename)
const handle = Object.getPrototypeOf(probe) as Functions
await probe.close()
for (const name of METHODS) counted(handle, name)
for (const name of FUNCTIONS) counted(fs as unknown as Functions, name)
syncBuiltinESMExports()
