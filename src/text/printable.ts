/**
 * Characters that control a terminal: C0, C1, delete, line separators, and those that change the direction of
 * text.
 */
const CONTROLS = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu

/**
 * Returns the text on one line, with control characters escaped: ESC becomes `\x1b`, U+202E becomes `\u202e`.
 * A terminal executes nothing of it.
 */
export function printable(text: string): string {
  return text.replace(CONTROLS, (character) => {
    const code = character.charCodeAt(0).toString(16)
    return code.length > 2 ? `\\u${code}` : `\\x${code.padStart(2, '0')}`
  })
}
