/** Time in ms that a stop leaves to what is being sent: what arrives need not be sent twice. */
const GRACE_MS = 5000

/** Runs work that may go on for some time after a stop: `late` aborts `graceMs` (5 s) after `stop` has. */
export async function withGrace<T>(
  stop: AbortSignal,
  work: (late: AbortSignal) => Promise<T>,
  graceMs = GRACE_MS,
): Promise<T> {
  const late = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const begin = () => {
    timer = setTimeout(() => late.abort(), graceMs)
  }
  if (stop.aborted) begin()
  else stop.addEventListener('abort', begin, { once: true })
  try {
    return await work(late.signal)
  } finally {
    stop.removeEventListener('abort', begin)
    clearTimeout(timer)
  }
}
