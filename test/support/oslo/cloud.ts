import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'

/** Debian's own Python, whose packages the tests need. */
const PYTHON = '/usr/bin/python3'

export type CloudOptions = {
  readonly driver?: 'messaging' | 'messagingv2'
  readonly durable?: boolean
  readonly quorum?: boolean
}

/** A service built on oslo.messaging: notifier, RPC server and RPC client in one process. */
export class Cloud {
  readonly #child: ChildProcess
  readonly #answers = new Map<string, (line: string) => void>()
  readonly #ready = Promise.withResolvers<void>()
  /** log of oslo.messaging from level WARNING */
  log = ''

  /** Starts the service and waits until it is ready. It is stopped when the test ends. */
  static async start(url: string, options: CloudOptions = {}): Promise<Cloud> {
    const cloud = new Cloud(url, options)
    onTestFinished(() => cloud.stop())
    await cloud.#ready.promise
    return cloud
  }

  private constructor(url: string, { driver = 'messagingv2', durable, quorum }: CloudOptions) {
    const flags = [...(durable ? ['--durable'] : []), ...(quorum ? ['--quorum'] : [])]
    const script = join(import.meta.dirname, 'cloud.py')
    const args = [script, '--url', url.replace('amqp:', 'rabbit:'), '--driver', driver, ...flags]
    this.#child = spawn(PYTHON, args, { stdio: 'pipe' })
    this.#child.stderr?.on('data', (chunk) => {
      this.log += chunk
    })
    createInterface({ input: this.#child.stdout as NodeJS.ReadableStream }).on('line', (line) =>
      this.#take(line),
    )
    this.#child.on('error', (error) => this.#ready.reject(error))
    this.#child.on('close', () => {
      const remedy = /No module named/.test(this.log)
        ? '; sandbox/build.sh -t installs python3-oslo.messaging'
        : ''
      this.#ready.reject(new Error(`oslo.messaging does not start: ${this.log}${remedy}`))
      for (const answer of this.#answers.values()) answer(`failed: the process has ended: ${this.log}`)
    })
  }

  #take(line: string): void {
    if (line === 'ready') this.#ready.resolve()
    const number = line.split(' ')[1] ?? ''
    this.#answers.get(number)?.(line)
    this.#answers.delete(number)
  }

  /** Sends a notification. Resolves with `done N`, or with the failure. */
  notify(level: 'info' | 'error', number: string): Promise<string> {
    return this.#ask(`notify ${level} ${number}`, number)
  }

  /** Calls the RPC server of the service. */
  call(number: string): Promise<string> {
    return this.#ask(`call ${number}`, number)
  }

  /** Calls the RPC server as `call` does, again when a call was lost: each call is sent at most once. */
  insist(number: string): Promise<string> {
    return this.#ask(`insist ${number}`, number)
  }

  #ask(command: string, number: string): Promise<string> {
    return new Promise((resolve) => {
      this.#answers.set(number, resolve)
      this.#child.stdin?.write(`${command}\n`)
    })
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const closed = once(this.#child, 'close')
    this.#child.kill('SIGKILL')
    await closed
  }
}
