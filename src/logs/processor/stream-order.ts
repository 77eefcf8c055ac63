type Turn = {
  readonly signal: AbortSignal
  /** resolves when what other connections have brought of the stream is written */
  readonly before: Promise<unknown>
  /** settles when everything of the stream is */
  all: Promise<unknown>
}

/**
 * Has what one connection brings of a stream wait for what another has brought of it before, under whatever name: only then is it known
 * what of it is written. What the connection brings after that waits too, since a rotated file goes before the one in its place.
 */
export class StreamOrder {
  readonly #turns = new Map<string, Turn>()
  /** resolves when all that a connection has brought so far had its turn */
  readonly #brought = new WeakMap<AbortSignal, Promise<unknown>>()

  /** Resolves when a connection may have a piece of a stream written; in the order of its calls. */
  async inTurn(stream: string, signal: AbortSignal): Promise<void> {
    const turn = Promise.all([this.#brought.get(signal), this.#before(stream, signal)]).then(() => {})
    this.#brought.set(signal, turn)
    await turn
  }

  /** Returns what resolves when what other connections have brought of a stream is written. */
  #before(stream: string, signal: AbortSignal): Promise<unknown> {
    const last = this.#turns.get(stream)
    if (last?.signal === signal) return last.before
    const before = last?.all ?? Promise.resolve()
    this.#turns.set(stream, { signal, before, all: before })
    return before
  }

  /** Notes that a piece of a stream is being written. What becomes of it is not kept. */
  note(stream: string, work: Promise<unknown>): void {
    const turn = this.#turns.get(stream)
    if (turn) turn.all = Promise.allSettled([turn.all, work]).then(() => {})
  }

  /** Forgets the streams of a connection that has ended, once they are written. */
  forget(signal: AbortSignal): void {
    for (const [stream, turn] of this.#turns)
      if (turn.signal === signal)
        void turn.all.then(() => {
          if (this.#turns.get(stream) === turn) this.#turns.delete(stream)
        })
  }
}
