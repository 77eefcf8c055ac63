/** Skips blanks, also those that are escaped in a text: `\n`. */
export function afterBlanks(text: string, from: number): number {
  let at = from
  for (;;) {
    const character = text[at]
    if (character === ' ' || character === '\n' || character === '\t' || character === '\r') at++
    else if (character === '\\') {
      let end = at
      while (text[end] === '\\') end++
      if (!/[nrt]/.test(text[end] ?? '')) return at
      at = end + 1
    } else return at
  }
}

/** Returns the index of the last character before an index that is no blank. */
export function beforeBlanks(text: string, from: number): number {
  let at = from - 1
  while (text[at] === ' ' || text[at] === '\n' || text[at] === '\t' || text[at] === '\r') at--
  return at
}

/** Skips the letter before a quote that Python has for some texts: `u'…'`, `b'…'`. */
export function afterPrefix(text: string, at: number): number {
  if (!'ubrUBR'.includes(text.charAt(at))) return at
  const next = text[at + 1]
  return next === '"' || next === "'" ? at + 1 : at
}

/** Returns the index of such a letter before an opening quote, or that of the quote where there is none. */
export function beforePrefix(text: string, open: number): number {
  return /^[^\w]?[ubr]$/i.test(text.slice(Math.max(0, open - 2), open)) ? open - 1 : open
}
