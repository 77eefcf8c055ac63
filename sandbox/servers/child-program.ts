import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

const ROOT = resolve(import.meta.dirname, '../..')

export type ProgramResult = { readonly code: number | null; readonly stdout: string; readonly stderr: string }

/** Those that run now: whatever ends this process ends them too. */
const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** One of our programs as a process of its own, its output kept. */
export class ChildProgram {
  readonly child: ChildProcess
  readonly #exited: Promise<number | null>
  #stdout = ''
  #stderr = ''

  constructor(
    program: 'stv3' | 'klugman',
    args: readonly string[],
    env: NodeJS.ProcessEnv = {},
    /** for its standard input; null leaves that open */
    input?: string | null,
  ) {
    this.child = spawn(process.execPath, [resolve(ROOT, `src/cli/${program}.ts`), ...args], {
      env: { ...process.env, ...env },
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    })
    if (input !== null) this.child.stdin?.end(input)
    this.child.stdout?.on('data', (chunk) => {
      this.#stdout += chunk
    })
    this.child.stderr?.on('data', (chunk) => {
      this.#stderr += chunk
    })
    running.add(this.child)
    this.#exited = once(this.child, 'close').then(([code]) => {
      running.delete(this.child)
      return code as number | null
    })
  }

  get stdout(): string {
    return this.#stdout
  }

  get stderr(): string {
    return this.#stderr
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null
  }

  /** Most memory that the process has had, in MB; undefined when the system does not tell. */
  peakMemoryMb(): number | undefined {
    try {
      const status = readFileSync(`/proc/${this.child.pid}/status`, 'utf8')
      const kilobytes = /VmHWM:\s+(\d+) kB/.exec(status)?.[1]
      return kilobytes === undefined ? undefined : Math.round(Number(kilobytes) / 1024)
    } catch {
      return undefined
    }
  }

  async result(): Promise<ProgramResult> {
    const code = await this.#exited
    return { code, stdout: this.#stdout, stderr: this.#stderr }
  }

  /** Ends the process; answers how. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<ProgramResult> {
    if (this.isRunning) this.child.kill(signal)
    return this.result()
  }
}

/** Runs a program to its end, with `input` on its standard input. */
export function runProgram(
  program: 'stv3' | 'klugman',
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  input?: string,
): Promise<ProgramResult> {
  return new ChildProgram(program, args, env, input).result()
}
