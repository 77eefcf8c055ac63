import { endOfQuoted, isClosing, quoteAt } from './quoted-text.ts'

const MARK = /[[\]{}"'\n]/g

/** A list or mapping that nothing closes ends here at the latest. */
const FURTHEST = 4_096

/**
 * Returns the index of the bracket that closes the one at `start`, in YAML or what looks like it, or the index
 * where the text around it ends. What is not closed is read up to some length.
 */
export function endOfFlow(text: string, start: number, hasLines: boolean): number {
  const near = text.slice(0, start + FURTHEST)
  MARK.lastIndex = start
  let depth = 0
  for (let found = MARK.exec(near); found; found = MARK.exec(near)) {
    const [character] = found
    if (character === '\n') {
      if (!hasLines) return found.index
    } else if ('[{'.includes(character)) depth++
    else if (']}'.includes(character)) {
      depth--
      if (depth === 0) return found.index
    } else {
      const begin = beginOfQuote(near, found.index, start)
      const quote = quoteAt(near, begin)
      if (!quote || isClosing(near, quote.end)) return begin
      const end = endOfQuoted(near, quote)
      MARK.lastIndex = Math.max(quote.end, quoteAt(near, end)?.end ?? near.length)
    }
  }
  return near.length
}

function beginOfQuote(text: string, at: number, floor: number): number {
  let begin = at
  while (begin > floor + 1 && text[begin - 1] === '\\') begin--
  return begin
}
