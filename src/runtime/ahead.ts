/**
 * Passes items on, and has the next one made while one is worked on. What was made when nobody wants more is
 * handed to `drop`.
 */
export async function* ahead<T>(
  source: AsyncIterable<T>,
  drop: (unused: T) => Promise<void>,
): AsyncGenerator<T, undefined> {
  const items = source[Symbol.asyncIterator]()
  let coming = items.next()
  try {
    for (let item = await coming; !item.done; item = await coming) {
      coming = items.next()
      // Its failure is told when its turn comes.
      coming.catch(() => {})
      yield item.value
    }
  } finally {
    const unused = await coming.catch(() => undefined)
    if (unused && !unused.done) await drop(unused.value)
    await items.return?.()
  }
}
