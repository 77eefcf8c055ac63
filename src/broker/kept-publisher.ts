import type { Publisher } from './broker.ts'

/** A publisher that is opened when it is first needed, and kept for all who need it. */
export type KeptPublisher = {
  /** Returns the publisher. Rejects where it cannot be opened; the next call tries again. */
  opened(): Promise<Publisher>
  /** Closes it; one that is not open yet as soon as it is, which is not waited for. The next call opens another one. */
  close(): Promise<void>
}

/** Keeps the publisher that `open` returns; `prepare` is awaited before anybody gets it, to declare what it needs. */
export function keptPublisher(
  open: () => Promise<Publisher>,
  prepare: (publisher: Publisher) => Promise<void> = async () => {},
): KeptPublisher {
  let kept: Promise<Publisher> | undefined
  let ready: Publisher | undefined

  async function openPrepared(): Promise<Publisher> {
    const publisher = await open()
    try {
      await prepare(publisher)
      return publisher
    } catch (error) {
      await publisher.close().catch(() => {})
      throw error
    }
  }

  return {
    opened() {
      if (kept) return kept
      const opening = openPrepared()
      kept = opening
      opening.then(
        (publisher) => {
          if (kept === opening) ready = publisher
        },
        () => {
          if (kept === opening) kept = undefined
        },
      )
      return opening
    },
    async close() {
      const [opening, publisher] = [kept, ready]
      kept = ready = undefined
      if (publisher) return publisher.close()
      void opening?.then((late) => late.close()).catch(() => {})
    },
  }
}
