const UNITS_MS: { readonly [unit: string]: number } = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
}
const DURATION = /^([-+]?)((?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/
const PART = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g

/**
 * Reads a duration as Go does, such as `1m30s`. Returns ms; undefined for any other text, as one without a unit.
 *
 * @example
 * parseGoDuration('500ms') // 500
 */
export function parseGoDuration(text: string): number | undefined {
  if (/^[-+]?0$/.test(text)) return 0
  const [, sign, parts = ''] = DURATION.exec(text) ?? []
  if (sign === undefined) return undefined
  let sum = 0
  for (const [, count, unit = ''] of parts.matchAll(PART)) sum += Number(count) * (UNITS_MS[unit] as number)
  return sign === '-' ? -sum : sum
}
