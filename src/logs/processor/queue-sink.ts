import type { Publisher } from '../../broker/broker.ts'
import type { Route } from '../../broker/message.ts'
import { messageOf, TransientError } from '../../domain/errors.ts'
import { Backoff, sleep } from '../../runtime/backoff.ts'
import type { Logger } from '../../runtime/logger.ts'
import { Outage } from '../../runtime/outage.ts'
import { textOfPath } from '../../ship/log-sets/path-text.ts'
import { lineNotification } from './line-notification.ts'
import { Refusal } from './open-target.ts'
import type { ProcessorCounters } from './processor-state.ts'
import type { AnswerLater, Content, Sender, Sink } from './sink.ts'

/** Time for which bytes without a line feed wait for the rest of their line, ms. */
const TAIL_MS = 5000
/** Longest line in one notification; a longer one goes in several. */
const LONGEST_LINE = 256 * 1024
/** Lines that wait for their confirmation at a time. */
const MOST_UNCONFIRMED = 1000
const NEWLINE = 0x0a

export type QueueSinkParts = {
  readonly publisher: Publisher
  readonly route: Route
  readonly counters: ProcessorCounters
  readonly logger: Logger
  /** Returns the time, ms since the epoch. */
  readonly clock: () => number
}

/** The begin of a line whose end has not come. */
type Tail = { bytes: Buffer; timer: NodeJS.Timeout | undefined; busy: Promise<unknown> }

/** Publishes whole lines as notifications, and answers for what the broker has confirmed. */
export class QueueSink implements Sink {
  readonly depth = 1
  readonly #parts: QueueSinkParts
  readonly #stopping = new AbortController()
  readonly #outage: Outage
  /** tails of connections, by file, inode and life */
  readonly #tails = new Map<AbortSignal, Map<string, Tail>>()

  constructor(parts: QueueSinkParts) {
    this.#parts = parts
    this.#outage = new Outage(parts.logger, 'the broker takes lines again')
  }

  async take(content: Content, sender: Sender, answerLater: AnswerLater): Promise<bigint> {
    const tail = this.#tailOf(content, sender)
    clearTimeout(tail.timer)
    await tail.busy
    const joined = Buffer.concat([tail.bytes, ...content.pieces])
    const begin = content.end - BigInt(joined.length)
    const cut = lengthOfLines(joined)
    await this.#publish(joined.subarray(0, cut), begin, content, sender)
    tail.bytes = Buffer.from(joined.subarray(cut))
    const end = begin + BigInt(cut)
    if (tail.bytes.length > 0)
      tail.timer = setTimeout(() => {
        tail.busy = this.#publishTail(tail, end, content, sender, answerLater)
      }, TAIL_MS)
    return end
  }

  forget({ signal }: Sender): void {
    for (const { timer } of this.#tails.get(signal)?.values() ?? []) clearTimeout(timer)
    this.#tails.delete(signal)
  }

  reopen(): void {}

  hindrance(): string | undefined {
    return this.#outage.reason
  }

  async close(): Promise<void> {
    this.#stopping.abort()
    for (const tails of this.#tails.values()) for (const { timer } of tails.values()) clearTimeout(timer)
  }

  #tailOf({ file, inode, stream }: Content, { signal }: Sender): Tail {
    const tails = this.#tails.get(signal) ?? new Map<string, Tail>()
    this.#tails.set(signal, tails)
    const key = `${file.toString('latin1')}\0${inode}\0${stream}`
    const tail = tails.get(key) ?? { bytes: Buffer.alloc(0), timer: undefined, busy: Promise.resolve() }
    tails.set(key, tail)
    return tail
  }

  /** Publishes a last line that nothing has followed, and answers for it. */
  async #publishTail(
    tail: Tail,
    begin: bigint,
    content: Content,
    sender: Sender,
    answerLater: AnswerLater,
  ): Promise<void> {
    const { bytes } = tail
    try {
      await this.#publish(bytes, begin, content, sender)
      tail.bytes = Buffer.alloc(0)
      answerLater(content, begin + BigInt(bytes.length))
    } catch {
      // The process stops, or the line is refused: it stays unanswered.
    }
  }

  async #publish(
    lines: Buffer,
    begin: bigint,
    { file, inode, stream }: Content,
    sender: Sender,
  ): Promise<void> {
    const { clock } = this.#parts
    const now = new Date(clock()).toISOString().slice(0, -1)
    const from = { host: sender.host, file: textOfPath(file).toWellFormed(), stream: stream ?? `${inode}` }
    let bodies: Buffer[] = []
    for (const { line, end } of linesOf(lines)) {
      bodies.push(lineNotification(line, { ...from, offset: begin + BigInt(end) }, now))
      if (bodies.length < MOST_UNCONFIRMED) continue
      await this.#confirmed(bodies)
      bodies = []
    }
    await this.#confirmed(bodies)
  }

  /** Publishes bodies until all are confirmed. Rejects with Refusal for one that cannot be published. */
  async #confirmed(bodies: readonly Buffer[]): Promise<void> {
    const { publisher, route, counters } = this.#parts
    const backoff = new Backoff({ initialMs: 100, maxMs: 5000 })
    for (let rest = bodies; rest.length > 0; ) {
      const ends = await Promise.allSettled(rest.map((body) => publisher.publish(route, body)))
      counters.publishedLines += ends.filter(({ status }) => status === 'fulfilled').length
      const failures = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason] : []))
      const lasting = failures.find((failure) => !(failure instanceof TransientError))
      if (lasting) throw new Refusal(`it cannot be published: ${messageOf(lasting)}`)
      rest = rest.filter((_, index) => ends[index]?.status === 'rejected')
      if (rest.length === 0) return this.#outage.over()
      this.#outage.failed(messageOf(failures[0]))
      await sleep(backoff.next(), this.#stopping.signal)
      if (this.#stopping.signal.aborted) throw new Error('the process stops')
    }
  }
}

/** Returns how many bytes are whole lines, or pieces of a line that is too long for one notification. */
function lengthOfLines(bytes: Buffer): number {
  const end = bytes.lastIndexOf(NEWLINE) + 1
  const rest = bytes.length - end
  return rest < LONGEST_LINE ? end : end + rest - (rest % LONGEST_LINE)
}

/** Yields the lines of bytes that are not empty, with their line feeds, and where each ends. */
function* linesOf(bytes: Buffer): Generator<{ readonly line: Buffer; readonly end: number }> {
  for (let from = 0; from < bytes.length; ) {
    const newline = bytes.indexOf(NEWLINE, from)
    const whole = newline < 0 ? bytes.length : newline + 1
    const end = Math.min(whole, from + LONGEST_LINE)
    const line = bytes.subarray(from, end)
    if (line.toString('latin1').trim() !== '') yield { line, end }
    from = end
  }
}
