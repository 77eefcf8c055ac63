/** A number as Prometheus takes it. */
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/

/** Returns the number that a value is; undefined for any other text. */
export function numericValue(value: string): number | undefined {
  const text = value.trim()
  const number = text.length < 400 && NUMBER.test(text) ? Number(text) : Number.NaN
  return Number.isFinite(number) ? number : undefined
}
