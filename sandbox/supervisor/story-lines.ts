/** What the logger handler says of an event. */
type Told = { readonly stream: number; readonly trigger: string; readonly eventType: string }

/**
 * Joins the lines in which a worker tells the events of a stream, one each, to one line for the stream.
 *
 * @example
 * const stories = new StoryLines((line) => print(line))
 * if (!stories.take(line)) print(line)
 */
export class StoryLines {
  readonly #print: (line: string) => void
  #story: (Told & { count: number; last: string }) | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(print: (line: string) => void) {
    this.#print = print
  }

  /** Takes a line that tells an event. Returns false for any other, after what was joined is printed. */
  take(line: string): boolean {
    const told = toldBy(line)
    if (told === undefined || told.stream !== this.#story?.stream) this.flush()
    if (told === undefined) return false
    this.#story = { ...told, ...this.#story, count: (this.#story?.count ?? 0) + 1, last: told.eventType }
    this.#timer ??= setTimeout(() => this.flush(), 300)
    return true
  }

  /** Prints what was joined. */
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const story = this.#story
    if (story === undefined) return
    this.#story = undefined
    const { stream, trigger, count, eventType, last } = story
    const types = count === 1 ? eventType : `${eventType} … ${last}`
    this.#print(`stream ${stream} of ${trigger}: ${count} event${count === 1 ? '' : 's'}, ${types}`)
  }
}

function toldBy(line: string): Told | undefined {
  if (!line.startsWith('{') || !line.includes('"message_id"')) return undefined
  try {
    const { stream, trigger, message_id: id, msg, level } = JSON.parse(line)
    if (level !== 'info' || typeof id !== 'string' || typeof stream !== 'number') return undefined
    return { stream, trigger: String(trigger), eventType: String(msg) }
  } catch {
    return undefined
  }
}
