const UNUSUAL = /[^ -~]/
const ESCAPES = /\\+(?:u([0-9a-f]{4})|[bfnrt])|%(?:25){0,3}([0-9a-f]{2})/gi
/** Controls, halves of characters, and what is not seen: zero-width characters, soft hyphens, fillers. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}\u2028\u2029]/gu

/**
 * Returns a name in its plain form: compatible characters as one (NFKC), without control characters and
 * without those that are not seen, whether they stand there themselves, as escapes of JSON or percent-encoded.
 *
 * @example
 * plainName('ｐass\u200bword') // 'password'
 */
export function plainName(name: string): string {
  const whole = /[\\%]/.test(name) ? name.replace(ESCAPES, decoded) : name
  return UNUSUAL.test(whole) ? whole.normalize('NFKC').replace(UNSEEN, '') : whole
}

function decoded(_escape: string, unit?: string, byte?: string): string {
  const code = unit ?? byte
  return code === undefined ? '' : String.fromCharCode(Number.parseInt(code, 16))
}
