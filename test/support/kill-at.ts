import { readFileSync, writeFileSync } from 'node:fs'
import fs from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'

// Is loaded before a program, which ends like one that is killed, just before the n-th time that it touches the
// disk. STACKTACH_KILL_AT is that number. With STACKTACH_KILL_IN only the process of a program of this name is killed; with
// STACKTACH_OTHER_DISK links lead nowhere, as to another file system, so that files are copied.

const { STACKTACH_KILL_AT, STACKTACH_KILL_IN = '', STACKTACH_OTHER_DISK } = process.env
const isMeant = process.argv[1]?.includes(STACKTACH_KILL_IN) ?? false
const killAt = isMeant ? Number(STACKTACH_KILL_AT) : Number.NaN
let count = 0

/** Names of functions that change what is on disk, or wait for it. */
const FUNCTIONS = ['open', 'rename', 'link', 'unlink', 'rm', 'writeFile', 'copyFile'] as const
const METHODS = ['appendFile', 'write', 'writeFile', 'sync', 'datasync', 'truncate', 'close'] as const

type Functions = { [name: string]: (...args: unknown[]) => unknown }

function counted(of: Functions, name: string): void {
  const real = of[name] as Functions[string]
  of[name] = function (this: unknown, ...args: unknown[]) {
    count++
    if (count === killAt) {
      // Half of the copy is on the disk.
      if (name === 'copyFile') writeFileSync(String(args[1]), readFileSync(String(args[0])).subarray(0, 5))
      process.kill(process.pid, 'SIGKILL')
    }
    if (name === 'link' && STACKTACH_OTHER_DISK && String(args[0]).includes('/working/'))
      return Promise.reject(Object.assign(new Error('EXDEV'), { code: 'EXDEV' }))
    return real.apply(this, args)
  }
}

const probe = await fs.open(import.meta.filename)
const handle = Object.getPrototypeOf(probe) as Functions
await probe.close()
for (const name of METHODS) counted(handle, name)
for (const name of FUNCTIONS) counted(fs as unknown as Functions, name)
syncBuiltinESMExports()
