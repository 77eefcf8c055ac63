import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

const ROOT = resolve(import.meta.dirname, '../..')

/** What the engine has compiled before: most of what starting one of the many programs of the tests takes. */
const COMPILED = resolve(ROOT, 'node_modules/.cache/node')

export type ProgramResult = { readonly code: number | null; readonly stdout: string; readonly stderr: string }

/** Each in a process namespace of its own, as containers are: there its number is 1. */
export const APART: readonly string[] = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc']

/** Whether this machine lets a program run apart. */
export const mayRunApart = spawnSync('unshare', [...APART.slice(1), 'true']).status === 0

/** Those that run now: whatever ends this process ends them too. */
const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** One of our programs as a process of its own, its output kept. */
export class ChildProgram {
  readonly child: ChildProcess
  readonly #isApart: boolean
  readonly #exited: Promise<number | null>
  #stdout = ''
  #stderr = ''

  constructor(
    program: 'stv3' | 'klugman',
    args: readonly string[],
    env: NodeJS.ProcessEnv = {},
    /** for its standard input; null leaves that open */
    input?: string | null,
    /** in a process namespace of its own */
    isApart = false,
  ) {
    this.#isApart = isApart
    const node = [process.execPath, resolve(ROOT, `src/cli/${program}.ts`), ...args]
    const [command, ...rest] = isApart ? [...APART, ...node] : node
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
    this.send(signal)
    return this.result()
  }

  /** Sends a signal to the process, if it runs. */
  send(signal: NodeJS.Signals): void {
    if (!this.isRunning) return
    const inner = this.#isApart ? childOf(this.child.pid) : undefined
    if (inner === undefined) this.child.kill(signal)
    else process.kill(inner, signal)
  }
}

/** The process that another has started; undefined: it has none any more. */
function childOf(pid: number | undefined): number | undefined {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ')
    return children[0] ? Number(children[0]) : undefined
  } catch {
    return undefined
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
