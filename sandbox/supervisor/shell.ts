import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { ROOT } from './settings.ts'

export type ShellOptions = {
  /** environment of the programs that are run; STACKTACH_SANDBOX_CONFIG and KLUGMAN_URL among it */
  readonly env: NodeJS.ProcessEnv
  readonly config: string
  readonly print: (line: string) => void
  /** returns the names of all parts and servers, with their process ids while they run */
  readonly parts: () => { readonly [name: string]: number | undefined }
  readonly onQuit: () => void
}

/** Commands of stv3 that want the configuration, and get it where none is named. */
const CONFIGURED = ['check', 'clock', 'consume', 'db', 'dead-letters', 'explain', 'publish', 'work', 'api']

export const HELP = `  streams --state completed --limit 3     the newest complete stories
  streams --id 1 --details                one stream with its events
  events --name compute.instance.exists.verified --limit 1
  events --name compute.instance.exists.failed --limit 1
  dead-letters ls                         what could not be processed, and why
  dead-letters show 1
  tree                                    what each part is doing right now
  parts                                   what runs, with process ids
  kill worker-1                           kill a part, rabbitmq or mariadb; it comes back, and nothing is lost
  stv3 …, klugman …                       any command of the two programs
  quit                                    stop everything, and print the ledger (Ctrl-C does it too)`

/** The klugman shell: runs what is typed, one command at a time, each in a process of its own. */
export class Shell {
  readonly #options: ShellOptions
  #running: Promise<void> = Promise.resolve()
  #stop: (() => void) | undefined

  constructor(options: ShellOptions) {
    this.#options = options
  }

  /** Runs a line after those before it. */
  run(line: string): Promise<void> {
    this.#running = this.#running.then(() => this.#execute(splitWords(line)))
    return this.#running
  }

  /** Ends the command that is running. Returns whether there was one. */
  interrupt(): boolean {
    this.#stop?.()
    return this.#stop !== undefined
  }

  async #execute([name, ...args]: string[]): Promise<void> {
    const { print, onQuit } = this.#options
    if (name === undefined) return
    if (name === 'quit' || name === 'exit') onQuit()
    else if (name === 'help' || name === '?') print(HELP)
    else if (name === 'parts') print(this.#formatParts())
    else if (name === 'tree')
      await this.#runProgram(['stv3', ['status', this.#options.env.SANDBOX_TREE ?? '', ...args]])
    else if (name === 'kill') print(this.#kill(args[0]))
    else await this.#runProgram(programOf(name, args, this.#options.config))
  }

  #formatParts(): string {
    return Object.entries(this.#options.parts())
      .map(([name, pid]) => `  ${name.padEnd(13)}${pid === undefined ? 'not running' : `pid ${pid}`}`)
      .join('\n')
  }

  #kill(name: string | undefined): string {
    const parts = this.#options.parts()
    if (name === undefined || !Object.hasOwn(parts, name))
      return `kill what? One of: ${Object.keys(parts).join(', ')}`
    const pid = parts[name]
    if (pid === undefined) return `${name} is not running`
    try {
      process.kill(pid, 'SIGKILL')
      return `${name} is killed (pid ${pid}), as by a power cut`
    } catch {
      return `${name} has ended already`
    }
  }

  #runProgram([program, args]: readonly [string, readonly string[]]): Promise<void> {
    const { env, print } = this.#options
    const child = spawn(process.execPath, [join(ROOT, `src/cli/${program}.ts`), ...args], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    this.#stop = () => child.kill('SIGINT')
    for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', print)
    return new Promise((resolve) => {
      child.once('close', () => {
        this.#stop = undefined
        resolve()
      })
      child.once('error', (error) => print(error.message))
    })
  }
}

/** Returns the program that a command belongs to, and its arguments. */
export function programOf(
  name: string,
  args: readonly string[],
  config: string,
): readonly ['stv3' | 'klugman', readonly string[]] {
  if (name === 'klugman') return ['klugman', args]
  if (name === 'streams' || name === 'events') return ['klugman', [name, ...args]]
  const [command = '--help', ...rest] = name === 'stv3' ? args : [name, ...args]
  const isGiven = rest.some((word) => /^(-c|--config)/.test(word))
  const adds = CONFIGURED.includes(command) && !isGiven && !rest.includes('--help')
  return ['stv3', [command, ...rest, ...(adds ? ['-c', config] : [])]]
}

/** Splits a line into words. Quotes keep spaces in a word. */
export function splitWords(line: string): string[] {
  const words = line.match(/(?:[^\s"']|"[^"]*"?|'[^']*'?)+/g) ?? []
  return words.map((word) => word.replace(/"([^"]*)"?|'([^']*)'?/g, '$1$2'))
}
