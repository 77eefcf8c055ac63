import { unicodeEscape } from './unicode-escape.ts'

/**
 * Characters that control a terminal or hide there: C0, C1, delete, line separators, those that change the
 * direction of text, those that cannot be seen, and halves of characters. Joiners are left, since scripts and
 * emoji need them.
 */
const CONTROLS = /[\p{Cc}\p{Cs}\p{Bidi_Control}\u2028\u2029\u200b\u2060-\u2064\ufeff\ufff9-\ufffb]/gu

/** The same without line feeds and tabs. */
const CONTROLS_OF_LINES =
  /(?![\n\t])[\p{Cc}\p{Cs}\p{Bidi_Control}\u2028\u2029\u200b\u2060-\u2064\ufeff\ufff9-\ufffb]/gu

/**
 * Returns the text on one line, with control characters escaped as JSON does: ESC becomes `\u001b`, a line
 * feed `\n`. A terminal executes nothing of it.
 */
export function printable(text: string): string {
  return text.replace(CONTROLS, escaped)
}

/**
 * Returns the text with its lines and tabs, other control characters escaped. JSON stays the same JSON.
 */
export function printableLines(text: string): string {
  return text.replace(CONTROLS_OF_LINES, escaped)
}

function escaped(character: string): string {
  const short = JSON.stringify(character).slice(1, -1)
  return short.length > 1 ? short : unicodeEscape(character)
}
