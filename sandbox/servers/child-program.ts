import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

const ROOT = resolve(import.meta.dirname, '../..')

/** Compile cache of Node. Compiling takes most of the start time of the many programs that tests start. */
const COMPILED = resolve(ROOT, 'node_modules/.cache/node')

export type ProgramResult = { readonly code: number | null; readonly stdout: string; readonly stderr: string }

/** Running programs. They are killed when this process exits, for whatever reason. */
const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** One of our programs as a child process. Its output is kept. */
export class ChildProgram {
  readonly child: ChildProcess
  readonly #isWrapped: boolean
  readonly #exited: Promise<number | null>
  #stdout = ''
  #stderr = ''

  constructor(
    program: 'stv3' | 'klugman',
    args: readonly string[],
    env: NodeJS.ProcessEnv = {},
    /** text for its standard input; null leaves the input open */
    input?: string | null,
    /** command with arguments that runs the program as its child; empty: the program runs by itself */
    wrapper: readonly string[] = [],
  ) {
    this.#isWrapped = wrapper.length > 0
    const [command, ...rest] = [...wrapper, process.execPath, resolve(ROOT, `src/cli/${program}.ts`), ...args]
    this.child = spawn(command as string, rest, {
      env: { NODE_COMPILE_CACHE: COMPILED, ...process.env, ...env },
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

  /** Returns the peak memory of the process in MB; undefined when the system does not report it. */
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

  /** Ends the process. Returns its exit code and output. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<ProgramResult> {
    this.send(signal)
    return this.result()
  }

  /** Sends a signal to the process if it is running; in a wrapper, to the program itself. */
  send(signal: NodeJS.Signals): void {
    if (!this.isRunning) return
    const inner = this.#isWrapped ? childOf(this.child.pid) : undefined
    if (inner === undefined) this.child.kill(signal)
    else process.kill(inner, signal)
  }
}

/** Returns the first child of a process; undefined when it has none. */
function childOf(pid: number | undefined): number | undefined {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ')
    return children[0] ? Number(children[0]) : undefined
  } catch {
    return undefined
  }
}

/**
 * Runs a program to its end, with `input` on its standard input.
 *
 * @example
 * const { code, stdout } = await runProgram('stv3', ['check', '-c', 'config/yagi.conf'])
 */
export function runProgram(
  program: 'stv3' | 'klugman',
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  input?: string,
): Promise<ProgramResult> {
  return new ChildProgram(program, args, env, input).result()
}
