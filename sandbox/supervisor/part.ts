import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { Backoff, sleep } from '../../src/runtime/backoff.ts'
import { guarded } from '../servers/guarded.ts'

export type PartOptions = {
  readonly name: string
  /** program with its arguments */
  readonly command: readonly string[]
  readonly env: NodeJS.ProcessEnv
  /** called with each line that the part writes */
  readonly onLine: (line: string) => void
  /** called with a sentence when the part has started, has ended, or is started again */
  readonly onNews: (sentence: string) => void
  /** first and longest wait before it is started again, ms */
  readonly backoff?: { readonly initialMs: number; readonly maxMs: number }
  /** longest time in which it may stop by itself, ms */
  readonly stopMs?: number
}

/** After this time a part counts as well: when it ends later, it is started again soon. */
const WELL_MS = 10_000
const DEFAULT_BACKOFF = { initialMs: 500, maxMs: 15_000 }
const STOP_MS = 35_000

/**
 * A process that is started again when it ends, with growing waits, until it is stopped. A part that ends with
 * 0 is done, and is left so.
 */
export class Part {
  readonly name: string
  restarts = 0
  readonly #options: PartOptions
  readonly #stopping = new AbortController()
  #child: ChildProcess | undefined
  #running: Promise<void> = Promise.resolve()

  constructor(options: PartOptions) {
    this.name = options.name
    this.#options = options
  }

  /** Process id; undefined while it does not run. */
  get pid(): number | undefined {
    return this.#child?.pid
  }

  start(): void {
    this.#running = this.#keepRunning()
  }

  async #keepRunning(): Promise<void> {
    const { onNews, backoff: waits = DEFAULT_BACKOFF } = this.#options
    const backoff = new Backoff(waits)
    while (!this.#stopping.signal.aborted) {
      const startedAt = performance.now()
      const end = await this.#run()
      if (this.#stopping.signal.aborted) return
      if (end === 'exit code 0') return onNews('is done')
      if (performance.now() - startedAt > WELL_MS) backoff.reset()
      const ms = backoff.next()
      onNews(`ended (${end}); starting it again in ${(ms / 1000).toFixed(1)} s`)
      await sleep(ms, this.#stopping.signal)
      this.restarts++
    }
  }

  /** Runs the process once. Resolves to how it ended. */
  #run(): Promise<string> {
    const [program, ...args] = guarded(this.#options.command) as [string, ...string[]]
    const child = spawn(program, args, {
      env: this.#options.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      // In a process group of its own, Ctrl-C on the terminal does not reach it.
      detached: true,
    })
    this.#child = child
    for (const stream of [child.stdout, child.stderr])
      createInterface({ input: stream }).on('line', this.#options.onLine)
    child.once('spawn', () => this.#options.onNews(`started (pid ${child.pid})`))
    return new Promise((resolve) => {
      const done = (end: string) => {
        this.#child = undefined
        resolve(end)
      }
      child.once('error', (error) => done(error.message))
      child.once('close', (code, signal) => done(signal ?? `exit code ${code}`))
    })
  }

  /** Sends a signal; the part is started again when it ends from it. Returns whether the part was running. */
  send(signal: NodeJS.Signals): boolean {
    return this.#child?.kill(signal) ?? false
  }

  /** Stops the part for good: SIGTERM, and SIGKILL when that takes too long. Safe to call twice. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    this.send('SIGTERM')
    const timer = setTimeout(() => this.send('SIGKILL'), this.#options.stopMs ?? STOP_MS)
    await this.#running
    clearTimeout(timer)
  }
}
