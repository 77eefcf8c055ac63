import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { onTestFinished } from 'vitest'
import { freePort } from '../../../sandbox/servers/server-process.ts'
import { until } from '../until.ts'

const LONGEST_MS = 180_000
export const BUILD = resolve(import.meta.dirname, '../../../sandbox/build.sh')

/** Environment of a sandbox of its own, whose days pass in a few seconds. */
export async function sandboxEnvironment(data: string): Promise<NodeJS.ProcessEnv> {
  return {
    ...process.env,
    // What a developer has set in sandbox/local.sh is not for tests.
    SANDBOX_LOCAL: '/nosuch',
    SANDBOX_DATA: data,
    SANDBOX_LISTEN: `127.0.0.1:${await freePort()}`,
    SANDBOX_SPEED: '20000',
    SANDBOX_INSTANCES: '10',
    NO_COLOR: '1',
  }
}

/** `sandbox/build.sh -s` as a user runs it, without a terminal. */
export class RunningSandbox {
  output = ''
  readonly #child: ChildProcess
  readonly #data: string
  readonly #exited: Promise<unknown[]>

  constructor(data: string, env: NodeJS.ProcessEnv) {
    this.#data = data
    this.#child = spawn(BUILD, ['-s', '-q'], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on('data', (chunk) => {
        this.output += chunk
      })
    this.#exited = once(this.#child, 'close')
    // It takes its parts with it, however it ends.
    onTestFinished(() => void this.#child.kill('SIGKILL'))
  }

  /** Waits until a condition holds. Throws an error with the output when it ends before, or does not in time. */
  async until(what: string, holds: () => boolean): Promise<void> {
    const hasEnded = () => this.#child.exitCode !== null
    try {
      await until(what, () => hasEnded() || holds(), LONGEST_MS)
    } catch (error) {
      throw new Error(`${this.output}\n${what}`, { cause: error })
    }
    if (hasEnded()) throw new Error(`the sandbox has ended: ${this.output}`)
  }

  /** Process ids of parts and servers by name, as the shell sees them. */
  pids(): { readonly [name: string]: number | undefined } {
    return readJson(join(this.#data, 'parts.json')) ?? {}
  }

  /** Kills a part or a server as a power cut would. Returns its process id. */
  kill(name: string): number {
    const pid = this.pids()[name]
    if (pid === undefined) throw new Error(`${name} does not run`)
    process.kill(pid, 'SIGKILL')
    return pid
  }

  /** Returns a figure of the status line; 0 while there is none. */
  figure(name: string): number {
    return figureIn(readText(join(this.#data, 'status')), name)
  }

  /** Asks it to stop, as Ctrl-C does. Returns the exit code when it has. */
  async stop(): Promise<number> {
    this.#child.kill('SIGINT')
    const [code] = await this.#exited
    return Number(code)
  }

  /** Waits for its end. Returns the exit code. */
  async exit(): Promise<number> {
    return Number((await this.#exited)[0])
  }
}

/** Returns a number before a word of a status line. */
function figureIn(status: string, name: string): number {
  const digits = new RegExp(`([\\d,]+) ${name}`).exec(status)?.[1] ?? '0'
  return Number(digits.replaceAll(',', ''))
}

function readText(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}

/** Reads a file that may be being written. */
function readJson(file: string): { [name: string]: number } | undefined {
  try {
    return JSON.parse(readText(file))
  } catch {
    return undefined
  }
}
