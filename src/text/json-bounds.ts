/** Limits on a JSON document from outside. */
export type JsonBounds = {
  /** greatest nesting of lists and objects */
  readonly depth: number
  /** most values: lists, objects, texts, numbers … */
  readonly values: number
}

/** Texts up to this length are not counted: their length bounds what they can hold. */
const SHORT = 64 * 1024

const [QUOTE, BACKSLASH, COMMA] = [34, 92, 44]
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [91, 93, 123, 125]

/**
 * Returns why a text must not be parsed; undefined when it is within the bounds. Parsing JSON takes up to a
 * hundred times the memory of the text, this scan takes none. It does not check that the text is JSON.
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

/**
 * Returns the index of the quotation mark that ends the string beginning at `begin`, or an index past the end
 * of the text.
 */
export function endOfText(text: string, begin: number): number {
  let at = begin + 1
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === BACKSLASH) at++
    else if (code === QUOTE) break
  }
  return at
}
