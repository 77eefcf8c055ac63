import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { guarded } from './guarded.ts'

/** Returns the path of the first of these programs that is installed. Throws when none is. */
export function findProgram(...candidates: string[]): string {
  const folders = [
    ...(process.env.PATH ?? '').split(':'),
    '/usr/sbin',
    '/usr/local/sbin',
    '/usr/lib/rabbitmq/bin',
  ]
  for (const name of candidates) {
    const path = name.startsWith('/') ? name : folders.map((folder) => `${folder}/${name}`).find(existsSync)
    if (path && existsSync(path)) return path
  }
  throw new Error(`none of ${candidates.join(', ')} is installed; sandbox/build.sh -t installs it`)
}

/** Range of ports, below those for outgoing connections, which could take a port before the server does. */
const FIRST_PORT = 15_000
const LAST_PORT = 32_000

/** Returns a port that nobody listens on at the moment. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT))
    if (await isFree(port)) return port
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, () => server.close(() => resolve(true)))
  })
}

/** Running servers. They get SIGTERM when this process exits without having stopped them. */
const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill()
})

/** A server as a child process. When it ends early, the error has the end of its output. */
export class ServerProcess {
  readonly #child: ChildProcess
  #output = ''
  #ended = false

  /**
   * Starts the server. A detached one has a process group of its own, so that Ctrl-C on the terminal does not
   * reach it; it ends with this process all the same.
   */
  constructor(program: string, args: readonly string[], options: SpawnOptions) {
    const command = options.detached ? guarded([program, ...args]) : [program, ...args]
    this.#child = spawn(command[0] as string, command.slice(1), {
      ...options,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    running.add(this.#child)
    const keep = (chunk: Buffer) => {
      this.#output = `${this.#output}${chunk}`.slice(-4000)
    }
    this.#child.stdout?.on('data', keep)
    this.#child.stderr?.on('data', keep)
    this.#child.on('error', keep as never)
    this.#child.on('exit', () => {
      running.delete(this.#child)
      this.#ended = true
    })
  }

  /** Waits until something listens on the port. Throws when the server ends or the time-out passes first. */
  async listening(port: number, timeoutMs = 60_000): Promise<void> {
    const deadline = Date.now() + timeoutMs
    while (!(await accepts(port))) {
      if (this.#ended) throw new Error(`${this.#child.spawnfile} ended: ${this.#output}`)
      if (Date.now() > deadline) throw new Error(`${this.#child.spawnfile} does not listen: ${this.#output}`)
      await delay(50)
    }
  }

  get hasEnded(): boolean {
    return this.#ended
  }

  /** The end of what it has written. */
  get output(): string {
    return this.#output
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.#ended) return
    const exited = new Promise<void>((resolve) => this.#child.once('exit', () => resolve()))
    this.#child.kill(signal)
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 20_000)
    await exited
    clearTimeout(timer)
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
