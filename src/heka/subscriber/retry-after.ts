/** Longest wait that a server may ask for, ms. */
const MOST_MS = 3_600_000

/** Returns how long a server asks to wait, by its Retry-After: seconds, or a date; undefined where it says nothing. */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined
  const text = header.trim()
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), MOST_MS)
}
