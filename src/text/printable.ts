/** Characters that a terminal takes for orders: C0 and C1, delete, and those that turn the direction of the text. */
const CONTROLS = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu

/** Returns a text on one line in which nothing is an order to a terminal: ESC stands as `\x1b`, U+202E as `\u202e`. */
export function printable(text: string): string {
  return text.replace(CONTROLS, (character) => {
    const code = character.charCodeAt(0).toString(16)
    return code.length > 2 ? `\\u${code}` : `\\x${code.padStart(2, '0')}`
  })
}
