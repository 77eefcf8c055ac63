import type { RestValue } from '../formats/rest-form.ts'

/** Formats a value as Python prints it, which is how the original klugman shows it. */
export function pythonText(value: RestValue): string {
  if (value === null) return 'None'
  if (typeof value !== 'object') return String(value)
  if (value.__type__ === 'datetime') return value.datetime.replace('T', ' ')
  return `TimeRange from ${pythonDatetime(value.begin)} to ${pythonDatetime(value.end)}`
}

function pythonDatetime(iso: string): string {
  const [year, month, day, hour, minute, second, micro] = iso.split(/[-T:.]/).map(Number) as number[]
  const parts = [year, month, day, hour, minute]
  if (second || micro) parts.push(second)
  if (micro) parts.push(micro)
  return `datetime.datetime(${parts.join(', ')})`
}

/** Formats a value for programs: times as ISO text, ranges as `BEGIN to END`, null as empty text. */
export function plainText(value: RestValue): string {
  if (value === null) return ''
  if (typeof value !== 'object') return String(value)
  return value.__type__ === 'datetime' ? value.datetime : `${value.begin} to ${value.end}`
}
