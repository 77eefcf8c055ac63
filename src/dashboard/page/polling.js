/**
 * Reads again and again, `everyMs` after the last read has ended, until it is stopped. `read` is to give up when `signal`
 * aborts. What fails is kept as `error` until a read succeeds.
 */
export function createPolling(app, everyMs, read) {
  const stopping = new AbortController()
  let error
  let timer

  async function load() {
    clearTimeout(timer)
    try {
      await read()
      error = undefined
    } catch (failed) {
      if (failed.name === 'AbortError') return
      error = failed
      if (failed.status === 401) app.failed(failed)
    }
    // Another load may have ended meanwhile.
    clearTimeout(timer)
    if (!stopping.signal.aborted) timer = setTimeout(() => void load(), everyMs)
    app.update()
  }

  return {
    load,
    signal: stopping.signal,
    get error() {
      return error
    },
    stop() {
      stopping.abort()
      clearTimeout(timer)
    },
  }
}
