import { clearScreenDown, createInterface, cursorTo, type Interface, moveCursor } from 'node:readline'
import type { Paint } from './log-line.ts'

/** Time between two status lines where there is no terminal that could overwrite them, ms. */
const EVERY_MS = 10_000
const PROMPT = 'klugman> '

export type ScreenHandlers = {
  /** called with what was typed, when Enter is pressed */
  readonly onCommand: (line: string) => void
  /** called for Ctrl-C and Ctrl-D while a command is being typed */
  readonly onEnd: () => void
}

/**
 * The output of the sandbox: lines that scroll, one status line below them, and below that a prompt where the
 * input is a terminal too. Where the output is no terminal, the status is a line every ten seconds.
 */
export class Screen {
  readonly #output: NodeJS.WriteStream
  readonly #paint: Paint
  #prompt: Interface | undefined
  #status = ''
  #isStatusShown = false
  #writtenAt = -Infinity

  constructor(output: NodeJS.WriteStream, paint: Paint) {
    this.#output = output
    this.#paint = paint
  }

  /** Shows the prompt. Nothing happens where input or output is no terminal. */
  ask(input: NodeJS.ReadStream, { onCommand, onEnd }: ScreenHandlers): void {
    if (!input.isTTY || !this.#output.isTTY) return
    this.#clear()
    const prompt = createInterface({ input, output: this.#output, prompt: this.#promptText() })
    this.#prompt = prompt
    prompt.on('line', (line) => {
      this.#isStatusShown = false
      onCommand(line)
      this.#draw()
    })
    prompt.on('SIGINT', onEnd)
    prompt.on('close', onEnd)
    this.#draw()
  }

  /** Removes the prompt for good. */
  endAsking(): void {
    const prompt = this.#prompt
    if (!prompt) return
    this.#clear()
    this.#prompt = undefined
    prompt.removeAllListeners('close')
    prompt.close()
  }

  /** Writes lines above status and prompt. */
  print(text: string): void {
    this.#clear()
    this.#output.write(`${text}\n`)
    this.#draw()
  }

  /** Replaces the status line. */
  status(text: string, now = performance.now()): void {
    this.#status = text
    if (this.#output.isTTY) {
      this.#clear()
      this.#draw()
      return
    }
    if (now - this.#writtenAt < EVERY_MS) return
    this.#writtenAt = now
    this.#output.write(`${text}\n`)
  }

  /** Removes the status line until the next one. */
  clearStatus(): void {
    this.#clear()
    this.#status = ''
  }

  #statusText(): string {
    const width = Math.max(20, (this.#output.columns ?? 80) - 1)
    const text = [...this.#status]
    return this.#paint('bold', text.length > width ? `${text.slice(0, width - 1).join('')}…` : this.#status)
  }

  #promptText(): string {
    return this.#status === '' ? PROMPT : `${this.#statusText()}\n${PROMPT}`
  }

  #clear(): void {
    if (!this.#output.isTTY || !this.#isStatusShown) return
    if (this.#prompt) moveCursor(this.#output, 0, -this.#prompt.getCursorPos().rows)
    cursorTo(this.#output, 0)
    clearScreenDown(this.#output)
    this.#isStatusShown = false
  }

  #draw(): void {
    if (!this.#output.isTTY || this.#isStatusShown) return
    if (this.#prompt) {
      this.#prompt.setPrompt(this.#promptText())
      // What readline wrote before is cleared already; it must not move up over the lines above.
      Object.assign(this.#prompt, { prevRows: 0 })
      this.#prompt.prompt(true)
      this.#isStatusShown = true
    } else if (this.#status !== '') {
      this.#output.write(this.#statusText())
      this.#isStatusShown = true
    }
  }
}
