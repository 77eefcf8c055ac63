/**
 * Passes items on and asks the source for the next one while the present one is worked on. An item that was made when nobody
 * wants more is handed to `drop`.
 */
export async function* prefetchNext<T>(
  source: AsyncIterable<T>,
  drop: (unused: T) => Promise<void>,
): AsyncGenerator<T, undefined> {
  const items = source[Symbol.asyncIterator]()
  let coming = items.next()
  try {
    for (let item = await coming; !item.done; item = await coming) {
      coming = items.next()
      // The failure of the next item is thrown when its turn comes.
      coming.catch(() => {})
      yield item.value
    }
  } finally {
    const unused = await coming.catch(() => undefined)
    if (unused && !unused.done) await drop(unused.value)
    await items.return?.()
  }
}
