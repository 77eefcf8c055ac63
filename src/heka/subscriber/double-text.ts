/** Bounds outside of which a number is written with an exponent. */
const LEAST = 1e-4
const MOST = 1e6

/**
 * Returns the shortest decimal form of a double as Go writes it: with an exponent of at least two digits below 1e-04
 * and from 1e+06 on. Returns `null` where JSON has no number for it.
 *
 * @example
 * doubleText(30000000000) // '3e+10'
 */
export function doubleText(value: number): string {
  if (!Number.isFinite(value)) return 'null'
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  const size = Math.abs(value)
  if (size >= LEAST && size < MOST) return String(value)
  const [mantissa = '', exponent = ''] = value.toExponential().split('e')
  const power = Number(exponent)
  const digits = String(Math.abs(power)).padStart(2, '0')
  return `${mantissa}e${power < 0 ? '-' : '+'}${digits}`
}
