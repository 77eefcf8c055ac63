import type { RestTimeRange, RestValue } from '../formats/rest-form.ts'

/** Formats a value as the original klugman shows it, which is as Python prints it; but time ranges as rangeText does. */
export function pythonText(value: RestValue): string {
  if (value === null) return 'None'
  if (typeof value !== 'object') return String(value)
  if (value.__type__ === 'datetime') return value.datetime.replace('T', ' ')
  return rangeText(value)
}

/** Formats a time range as the filters of traits take it. */
function rangeText({ begin, end }: RestTimeRange): string {
  return `${begin.replace('T', ' ')} to ${end.replace('T', ' ')}`
}

/** Formats a value for programs: times as ISO text, ranges as `BEGIN to END` with blanks for the T, null as empty text. */
export function plainText(value: RestValue): string {
  if (value === null) return ''
  if (typeof value !== 'object') return String(value)
  return value.__type__ === 'datetime' ? value.datetime : rangeText(value)
}
