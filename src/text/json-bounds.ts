/** How much a document may hold that is read from outside; undefined where it is not bounded. */
export type JsonBounds = {
  /** lists and objects within each other */
  readonly depth: number
  /** lists, objects, texts, numbers … */
  readonly values: number
}

/** Texts up to this length are within what their length allows anyway. */
const SHORT = 64 * 1024

const [QUOTE, BACKSLASH, COMMA] = [34, 92, 44]
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [91, 93, 123, 125]

/**
 * Why a text is not to be parsed: reading JSON takes up to a hundred times the memory of the text, looking at it takes
 * none. Says nothing of whether it is JSON. Undefined: it is within bounds.
 */
export function excessOf(text: string, { depth: deepest, values: most }: JsonBounds): string | undefined {
  if (text.length <= SHORT) return undefined
  let depth = 0
  let values = 1
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) at = endOfText(text, at)
    else if (code === COMMA) values++
    else if (code === OPEN_LIST || code === OPEN_OBJECT) {
      values++
      if (++depth > deepest) return `it is nested more than ${deepest} deep`
    } else if (code === CLOSE_LIST || code === CLOSE_OBJECT) depth--
    if (values > most) return `it holds more than ${most} values`
  }
  return undefined
}

/** The place of the quotation mark that ends a text. */
export function endOfText(text: string, begin: number): number {
  let at = begin + 1
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === BACKSLASH) at++
    else if (code === QUOTE) break
  }
  return at
}
