/**
 * Returns a text that databases can store. Lone surrogates, which UTF-8 cannot encode, become JSON escapes
 * such as `\ud800`; any other text is returned unchanged.
 */
export function wellFormed(text: string): string {
  if (text.isWellFormed()) return text
  return text.replace(/[\ud800-\udfff]/gu, (half) => `\\u${half.charCodeAt(0).toString(16)}`)
}
