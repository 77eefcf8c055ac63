/** How long what is on its way is waited for when its process stops: what arrives need not be sent twice. */
const GRACE_MS = 5000

/** Does work that a stop leaves some time to finish: `late` aborts five seconds after `stop` has. */
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
