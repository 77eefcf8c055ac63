import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { type Paint, paint, prefixOf, readableLine } from './log-line.ts'
import { StoryLines } from './story-lines.ts'

export type PartLogOptions = {
  readonly folder: string
  readonly names: readonly string[]
  /** paint of what is printed; the files always have colours, for windows that show them */
  readonly paint: Paint
  readonly isFileColoured: boolean
  readonly print: (text: string) => void
}

/** The lines of all parts: printed with the part's name before each, and in a file for each part. */
export class PartLog {
  readonly #files: Map<string, number>
  readonly #stories: Map<string, StoryLines>
  readonly #options: PartLogOptions

  constructor(options: PartLogOptions) {
    mkdirSync(options.folder, { recursive: true, mode: 0o700 })
    this.#options = options
    this.#files = new Map(
      options.names.map((name) => [name, openSync(join(options.folder, `${name}.log`), 'w', 0o600)]),
    )
    this.#stories = new Map(
      options.names.map((name) => [name, new StoryLines((line) => this.#write(name, () => line))]),
    )
  }

  /** Takes a line that a part has written. */
  line(name: string, line: string): void {
    if (!this.#stories.get(name)?.take(line)) this.#write(name, (paint) => readableLine(line, paint))
  }

  /** Takes a sentence about a part. */
  news(name: string, sentence: string): void {
    this.#write(name, (paint) => paint('bold', `${name} ${sentence}`))
  }

  #write(name: string, make: (paint: Paint) => string | undefined): void {
    const { print, paint: printed, names, isFileColoured } = this.#options
    const shown = make(printed)
    if (shown === undefined) return
    print(prefixOf(name, names.indexOf(name), printed) + shown)
    const file = this.#files.get(name)
    if (file !== undefined) writeSync(file, `${make(isFileColoured ? paint : printed)}\n`)
  }

  close(): void {
    for (const story of this.#stories.values()) story.flush()
    for (const file of this.#files.values()) closeSync(file)
    this.#files.clear()
  }
}
