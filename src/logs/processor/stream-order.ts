/** Why the last piece of a turn was not written; undefined where it was. */
type Outcome = { failure: unknown }

type Turn = {
  readonly signal: AbortSignal
  /** where the pieces are written */
  readonly place: object
  /** resolves when what came of the stream before has ended */
  readonly before: Promise<void>
  /** what became of what the same connection brought before for another place */
  readonly earlier: Outcome | undefined
  readonly outcome: Outcome
  /** resolves when everything of the stream has ended */
  all: Promise<void>
}

/**
 * Has what one connection brings of a stream for one place wait for what came of it before, from another connection or for another
 * place: only then is it known what of it is written. What the connection brings after that waits too, since a rotated file goes
 * before the one in its place.
 */
export class StreamOrder {
  readonly #turns = new Map<string, Turn>()
  /** resolves when the last piece that a connection has brought is being written, or will not be */
  readonly #begun = new WeakMap<AbortSignal, Promise<void>>()

  /** Begins to write a piece of a stream when it has its turn, in the order of the calls of a connection. Resolves when it is written. */
  async write(
    stream: string,
    signal: AbortSignal,
    place: object,
    work: () => Promise<unknown>,
  ): Promise<void> {
    const earlier = this.#begun.get(signal)
    const [begun, ended] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    this.#begun.set(signal, begun.promise)
    await earlier
    // Who has a turn waits only for those who had one before.
    const turn = this.#turnOf(stream, signal, place)
    turn.all = Promise.all([turn.all, ended.promise]).then(() => {})
    try {
      await turn.before
      if (turn.earlier?.failure !== undefined) throw turn.earlier.failure
      const working = work()
      begun.resolve()
      await working.catch((error) => {
        turn.outcome.failure = error
        throw error
      })
      turn.outcome.failure = undefined
    } finally {
      begun.resolve()
      ended.resolve()
    }
  }

  #turnOf(stream: string, signal: AbortSignal, place: object): Turn {
    const last = this.#turns.get(stream)
    if (last?.signal === signal && last.place === place) return last
    const before = last?.all ?? Promise.resolve()
    const earlier = last?.signal === signal ? last.outcome : undefined
    const turn: Turn = { signal, place, before, earlier, outcome: { failure: undefined }, all: before }
    this.#turns.set(stream, turn)
    return turn
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
