/**
 * A text that databases can keep: halves of surrogate pairs, which no encoding has, stand as JSON would write them,
 * `\ud800`. Any other text stays as it is.
 */
export function wellFormed(text: string): string {
  if (text.isWellFormed()) return text
  return text.replace(/[\ud800-\udfff]/gu, (half) => `\\u${half.charCodeAt(0).toString(16)}`)
}
