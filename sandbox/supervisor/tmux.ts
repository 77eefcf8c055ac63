import { spawn, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { sleep } from '../../src/runtime/backoff.ts'
import { findProgram } from '../servers/server-process.ts'
import { ROOT } from './settings.ts'

const SESSION = 'stacktach'
const LOOK_MS = 500

/** The windows in the order of the original's screen, after the API. Each shows the log of its part. */
const WINDOWS = ['api', 'consumer-1', 'consumer-2', 'worker-1', 'worker-2', 'simulator'] as const

export type TmuxOptions = {
  readonly data: string
  readonly env: NodeJS.ProcessEnv
  /** file whose content is the status line */
  readonly statusFile: string
}

/** A tmux of the sandbox's own: a window for each part, and the klugman shell. */
export class Tmux {
  readonly #options: TmuxOptions
  readonly #program = findProgram('tmux')
  /** a socket in the data folder: several sandboxes, and the user's own tmux, do not meet */
  readonly #socket: string

  constructor(options: TmuxOptions) {
    this.#options = options
    this.#socket = join(options.data, 'tmux')
  }

  /** Command with which another terminal joins. */
  get attachCommand(): string {
    return `tmux -S ${this.#socket} attach`
  }

  /** Makes the session with its seven windows. Throws when tmux refuses. */
  open(): void {
    const { data, statusFile } = this.#options
    const [first, ...others] = WINDOWS.map(
      (name) => [name, showFile(join(data, 'logs', `${name}.log`))] as const,
    )
    if (!first) return
    // One that an earlier run left when it was killed.
    this.close()
    this.#run(
      '-f',
      '/dev/null',
      'new-session',
      '-d',
      '-s',
      SESSION,
      '-n',
      first[0],
      '-x',
      '160',
      '-y',
      '48',
      first[1],
    )
    for (const [name, command] of others) this.#run('new-window', '-d', '-n', name, command)
    this.#run(
      'new-window',
      '-n',
      'klugman',
      `${quoted(process.execPath)} ${quoted(SHELL)}; exec ${quoted(this.#program)} kill-session`,
    )
    for (const [option, value] of Object.entries(looks(statusFile)))
      this.#run('set-option', '-g', option, value)
  }

  /** Shows the session on this terminal. Resolves when it is left or has ended. */
  attach(): Promise<void> {
    const child = spawn(this.#program, ['-S', this.#socket, 'attach', '-t', SESSION], {
      stdio: 'inherit',
      env: withoutTmux(this.#options.env),
    })
    return new Promise((resolve) => {
      child.once('close', () => resolve())
      child.once('error', () => resolve())
    })
  }

  /** Resolves when the session has ended, or the signal aborts. */
  async ended(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const { status } = spawnSync(this.#program, ['-S', this.#socket, 'has-session'], { stdio: 'ignore' })
      if (status !== 0) return
      await sleep(LOOK_MS, signal)
    }
  }

  /** Ends the session. Safe to call twice. */
  close(): void {
    spawnSync(this.#program, ['-S', this.#socket, 'kill-server'], { stdio: 'ignore' })
  }

  #run(...args: string[]): void {
    const { status, stderr } = spawnSync(this.#program, ['-S', this.#socket, ...args], {
      env: withoutTmux(this.#options.env),
      encoding: 'utf8',
    })
    if (status !== 0) throw new Error(`tmux ${args[0]}: ${stderr.trim()}`)
  }
}

const SHELL = join(ROOT, 'sandbox/supervisor/shell-window.ts')

/** Shows a file and what is added to it. Ctrl-C, meant for the whole, must not close a window. */
function showFile(path: string): string {
  return `trap '' INT; exec tail -n +1 -F ${quoted(path)} 2>/dev/null`
}

function looks(statusFile: string): { readonly [option: string]: string } {
  return {
    'status-interval': '1',
    'status-style': 'bg=default,fg=default',
    'window-status-current-style': 'bold,reverse',
    'status-left': '',
    'status-right': '',
    // Windows in the first line, figures in the second.
    status: '2',
    'status-format[1]': `#(cat ${quoted(statusFile)})`,
    mouse: 'on',
    'history-limit': '20000',
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

/** A tmux inside another one would refuse to start. */
function withoutTmux(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { TMUX: _, ...rest } = env
  return rest
}
