/** A part of a text, and what takes its place. */
export type Part = { readonly start: number; readonly end: number; readonly text: string }

/** Builds a text in which parts of another are replaced, in order. */
export class TextParts {
  readonly #text: string
  readonly #parts: string[] = []
  #told = 0

  constructor(text: string) {
    this.#text = text
  }

  replace({ start, end, text }: Part): void {
    this.#parts.push(this.#text.slice(this.#told, start), text)
    this.#told = end
  }

  /** index up to which the text is done with: behind the last part that was replaced */
  get told(): number {
    return this.#told
  }

  toString(): string {
    return this.#parts.length === 0 ? this.#text : this.#parts.join('') + this.#text.slice(this.#told)
  }
}

/** Characters of ASCII by their codes, for loops over long texts. */
export type CharacterSet = Uint8Array

/**
 * Makes the set of the characters that a pattern matches. Characters beyond ASCII are in it where `others`
 * says so.
 *
 * @example
 * characterSet(/\w/)
 */
export function characterSet(pattern: RegExp): CharacterSet {
  return Uint8Array.from({ length: 128 }, (_, code) => (pattern.test(String.fromCharCode(code)) ? 1 : 0))
}

/**
 * Returns the index behind a run of characters of a set. A regular expression needs a stack for runs of
 * millions.
 */
export function endOfRun(text: string, start: number, set: CharacterSet, others: 0 | 1 = 0): number {
  let at = start
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if ((code < 128 ? set[code] : others) !== 1) break
    at++
  }
  return at
}
