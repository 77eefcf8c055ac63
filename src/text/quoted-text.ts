import { afterBlanks } from './blanks.ts'

/** A quote in a text, with the backslashes before it: in JSON within JSON there are one, three, seven … */
export type Quote = { readonly character: string; readonly escapes: number; readonly end: number }

/** Returns the quote that begins at an index with its backslashes; undefined without one. */
export function quoteAt(text: string, at: number): Quote | undefined {
  let end = at
  while (text[end] === '\\') end++
  const character = text[end]
  if (character !== '"' && character !== "'") return undefined
  return { character, escapes: end - at, end: end + 1 }
}

/**
 * Returns the index where a quoted text ends, before the closing quote and the backslashes that belong to it;
 * the end of the text where no such quote follows. One more level of JSON doubles the backslashes: with e of
 * them before its quotes, a text ends at a quote with e more than a multiple of 2(e + 1); fewer end the text
 * around it.
 */
export function endOfQuoted(text: string, { character, escapes, end: start }: Quote): number {
  for (let at = text.indexOf(character, start); at >= 0; at = text.indexOf(character, at + 1)) {
    let begin = at
    while (begin > start && text[begin - 1] === '\\') begin--
    const count = at - begin
    if (character === "'" && escapes === 0) {
      // YAML and SQL write an apostrophe as two.
      if (count === 0 && (at === start || text[at + 1] !== "'")) return at
      if (count === 0) at++
      continue
    }
    const own = count % (2 * (escapes + 1))
    if (own <= escapes) return at - own
  }
  return text.length
}

/**
 * Returns the index behind the bracket that closes the one at `start`. `escapes` is how many backslashes are
 * before the quotes inside; a quote with fewer ends the text around it, and the structure with it. Returns
 * the end of the text where nothing closes it.
 */
export function endOfStructure(text: string, start: number, escapes: number): number {
  const mark = /[[\](){}"'\\]/g
  mark.lastIndex = start
  let depth = 0
  for (let found = mark.exec(text); found; found = mark.exec(text)) {
    const [character] = found
    if ('[({'.includes(character)) depth++
    else if ('])}'.includes(character)) {
      depth--
      if (depth <= 0) return found.index + 1
    } else {
      const quote = quoteAt(text, found.index)
      if (!quote) {
        // Backslashes that belong to no quote.
        while (text[mark.lastIndex] === '\\') mark.lastIndex++
        continue
      }
      if (quote.character === '"' && quote.escapes < escapes) return found.index
      const end = endOfQuoted(text, quote)
      mark.lastIndex = quoteAt(text, end)?.end ?? text.length
    }
  }
  return text.length
}

/** Whether what follows a quote shows that it ends a text. */
export function isClosing(text: string, at: number): boolean {
  const next = afterBlanks(text, at)
  const character = text[next]
  if (character === ',') return '"\'{['.includes(text[afterBlanks(text, next + 1)] ?? '-')
  return character === undefined || character === '}' || character === ']' || character === ':'
}
