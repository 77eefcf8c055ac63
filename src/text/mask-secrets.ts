/** Names of the fields of notifications whose values must not be shown. */
const SECRET = /(?:_context_)?(?:auth_)?token|password|authorization|admin_pass|adminPass/.source

/**
 * The name of a field and the quote that begins its text value. Inside the envelope of oslo.messaging quotes stand
 * behind backslashes; as many as end the field's name begin and end its value.
 */
const FIELD = new RegExp(`"(?:${SECRET})(\\\\*)"\\s*:\\s*(\\\\*)"`, 'g')

/**
 * A text of JSON, even one that is cut off, with the values of secret fields taken out. It takes time in proportion to
 * the text's length, whatever is in it.
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
    parts.push(json.slice(told, start), '***')
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

/** Where the backslashes stand, exactly so many, that belong to the quote at a value's end. */
function endOfValue(text: string, start: number, escapes: number): number {
  for (let quote = text.indexOf('"', start); quote >= 0; quote = text.indexOf('"', quote + 1)) {
    const before = Math.min(escapesBefore(text, quote), quote - start)
    if (before === escapes) return quote - escapes
  }
  return text.length
}

const SECRET_NAME = new RegExp(`^(?:${SECRET})$`)

/** Whether the value of a field or trait of this name must not be shown. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name)
}
