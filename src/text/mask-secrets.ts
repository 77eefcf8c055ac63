import { MASK, SECRET_NAME } from './secret-names.ts'

/**
 * Matches the name of a secret field and the quote that begins its text value. Inside the envelope of
 * oslo.messaging each quote has backslashes before it; the name's closing quote has as many as those around
 * the value.
 */
const FIELD = new RegExp(`"${SECRET_NAME}(\\\\*)"\\s*:\\s*(\\\\*)"`, 'gi')

/**
 * Replaces the values of secret fields in a JSON text by `***`. The text may be cut off or invalid; the time
 * is proportional to its length, whatever it holds.
 *
 * @example
 * maskSecrets('{"password": "abc", "host": "c1"}') // '{"password": "***", "host": "c1"}'
 */
export function maskSecrets(json: string): string {
  const field = new RegExp(FIELD)
  const parts: string[] = []
  let told = 0
  for (let found = field.exec(json); found; found = field.exec(json)) {
    const [whole, { length: escapes } = '', begin = ''] = found
    if (begin.length !== escapes || escapesBefore(json, found.index) < escapes) {
      field.lastIndex = found.index + 1
      continue
    }
    const start = found.index + whole.length
    parts.push(json.slice(told, start), MASK)
    told = endOfValue(json, start, escapes)
    field.lastIndex = told
  }
  return parts.length === 0 ? json : parts.join('') + json.slice(told)
}

function escapesBefore(text: string, end: number): number {
  let start = end
  while (text[start - 1] === '\\') start--
  return end - start
}

/**
 * Returns the index where the value ends: the first of exactly `escapes` backslashes before the closing
 * quote. Returns the end of the text where no such quote follows.
 */
function endOfValue(text: string, start: number, escapes: number): number {
  for (let quote = text.indexOf('"', start); quote >= 0; quote = text.indexOf('"', quote + 1)) {
    const before = Math.min(escapesBefore(text, quote), quote - start)
    if (before === escapes) return quote - escapes
  }
  return text.length
}
