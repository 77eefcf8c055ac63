import { closeSync, openSync, writeSync } from 'node:fs'
import type { Unsent } from '../../pipeline/quiet-pipelines.ts'
import { stringifyJson } from '../../text/json.ts'

/** What handlers would have sent, as a JSON object. */
export type UnsentLine = {
  readonly handler: string
  readonly stream: number
  readonly would_publish: readonly unknown[]
}

/** A file of what handlers would have sent, a JSON object a line: it may be more than memory should hold. */
export class UnsentFile {
  readonly path: string
  readonly #file: number
  #count = 0

  constructor(path: string) {
    this.path = path
    this.#file = openSync(path, 'wx', 0o600)
  }

  /** the number of lines */
  get count(): number {
    return this.#count
  }

  add({ handler, env, sent }: Unsent): void {
    const line: UnsentLine = { handler, stream: env.streamId, would_publish: sent }
    writeSync(this.#file, `${stringifyJson(line)}\n`)
    this.#count++
  }

  close(): void {
    closeSync(this.#file)
  }
}
