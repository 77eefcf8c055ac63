import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, onTestFinished } from 'vitest'
import { ChildProgram } from '../../../sandbox/servers/child-program.ts'
import { freePort } from '../../../sandbox/servers/server-process.ts'
import { until } from '../until.ts'

const WRITER = resolve(import.meta.dirname, 'write-lines.ts')

export type DeploymentOptions = {
  readonly collector?: readonly string[]
  readonly processor?: readonly string[]
  /** where the collector connects to, instead of the processor itself */
  readonly through?: number
}

/** A collector and a processor as processes, which may be killed and started again, with their folders. */
export class LogDeployment {
  readonly source: string
  readonly target: string
  readonly db: string
  readonly port: number
  readonly #options: DeploymentOptions
  collector: ChildProgram | undefined
  processor: ChildProgram | undefined

  private constructor(folder: string, port: number, options: DeploymentOptions) {
    this.source = join(folder, 'source')
    this.target = join(folder, 'target')
    this.db = join(folder, 'offsets.db')
    this.port = port
    this.#options = options
  }

  static async create(folder: string, options: DeploymentOptions = {}): Promise<LogDeployment> {
    const one = new LogDeployment(folder, await freePort(), options)
    for (const path of [one.source, one.target]) mkdirSync(path, { recursive: true })
    onTestFinished(async () => {
      await one.collector?.stop('SIGKILL')
      await one.processor?.stop('SIGKILL')
    })
    return one
  }

  startProcessor(): void {
    const args = ['--target-dir', this.target, '--listen-address', `127.0.0.1:${this.port}`]
    this.processor = new ChildProgram('stv3', ['logs-processor', ...args, ...(this.#options.processor ?? [])])
  }

  startCollector(): void {
    const address = `127.0.0.1:${this.#options.through ?? this.port}`
    const args = ['--source-dir', this.source, '--offsets-db', this.db, '--target-address', address]
    this.collector = new ChildProgram('stv3', ['logs-collector', ...args, ...(this.#options.collector ?? [])])
  }

  /** Stops both in order, and expects them to end with 0. */
  async stop(): Promise<void> {
    for (const program of [this.collector, this.processor]) {
      const result = await program?.stop()
      if (result) expect(result.code, result.stderr).toBe(0)
    }
  }

  /** Resolves when the target holds a number of line feeds, and has for a while. */
  async untilLines(count: number): Promise<void> {
    let found = 0
    await until(
      `${count} lines in the target`,
      async () => {
        found = this.lines().length
        if (found < count) await delay(200)
        return found >= count
      },
      180_000,
    ).catch((error) => {
      throw new Error(`${error.message}; there are ${found}; ${this.collector?.stderr.slice(-2000)}`)
    })
    await delay(1500)
  }

  /** Returns all lines of the target. */
  lines(): string[] {
    return filesBelow(this.target).flatMap((path) => readFileSync(path, 'utf8').split('\n').filter(Boolean))
  }
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    return statSync(path).isDirectory() ? filesBelow(path) : [path]
  })
}

/** Writes lines in a process of its own. Resolves when it has ended. */
export async function writeLines(
  kind: 'append' | 'flock' | 'hold',
  file: string,
  name: string,
  count: number,
): Promise<void> {
  const child = spawn(process.execPath, [WRITER, kind, file, name, String(count)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`the writer of ${file} has ended with ${code}`)
}

/** Expects each line of each writer exactly once, and in its order. */
export function expectEachOnce(lines: readonly string[], writers: { readonly [name: string]: number }): void {
  for (const [name, count] of Object.entries(writers)) {
    const numbers = lines.flatMap((line) => (line.startsWith(`${name} `) ? [Number(line.split(' ')[1])] : []))
    const missing = Array.from({ length: count }, (_, index) => index).filter(
      (number) => !numbers.includes(number),
    )
    expect({ name, missing: missing.slice(0, 10), missingCount: missing.length }).toEqual({
      name,
      missing: [],
      missingCount: 0,
    })
    const doubled = numbers.filter((number, index) => numbers.indexOf(number) !== index)
    expect({ name, doubled: doubled.slice(0, 10), doubledCount: doubled.length }).toEqual({
      name,
      doubled: [],
      doubledCount: 0,
    })
    expect(numbers, name).toEqual(numbers.toSorted((a, b) => a - b))
  }
  const known = lines.filter((line) => Object.keys(writers).some((name) => line.startsWith(`${name} `)))
  expect(lines.length - known.length, 'lines of nobody').toBe(0)
}
