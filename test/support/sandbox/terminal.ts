import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { until } from '../until.ts'

const LONGEST_MS = 180_000

/** A terminal of 150 by 45 characters that runs a command, in a tmux of its own. */
export class Terminal {
  readonly #socket: string

  constructor(folder: string, command: string, env: NodeJS.ProcessEnv) {
    this.#socket = join(folder, 'terminal')
    const size = ['-x', '150', '-y', '45']
    // The command's output stays to be read when it has ended.
    const kept = `${command}; echo "exit code $?"; sleep 600`
    this.#tmux(['-f', '/dev/null', 'new-session', '-d', ...size, kept], env)
    onTestFinished(() => void this.#tmux(['kill-server']))
  }

  /** Returns what the terminal shows, with `history` lines that have scrolled out. */
  screen(history = 0): string {
    return this.#tmux(['capture-pane', '-p', '-J', '-S', String(-history)])
  }

  /** Types words, in tmux's names of keys: `Enter`, `C-c`. */
  type(...keys: string[]): void {
    this.#tmux(['send-keys', ...keys])
  }

  /** Waits until the terminal shows a text, also one that has scrolled out. */
  async shows(text: RegExp): Promise<void> {
    try {
      await until(`${text}`, () => text.test(this.screen(3000)), LONGEST_MS)
    } catch (error) {
      throw new Error(`the terminal does not show ${text}:\n${this.screen(300)}`, { cause: error })
    }
  }

  #tmux(args: readonly string[], env: NodeJS.ProcessEnv = process.env): string {
    const { TMUX: _, ...rest } = env
    return spawnSync('tmux', ['-S', this.#socket, ...args], { env: rest, encoding: 'utf8' }).stdout
  }
}
