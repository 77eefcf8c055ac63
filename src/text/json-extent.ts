/**
 * Tracks the nesting of a JSON text that arrives in pieces, and whether the last piece ended inside a string.
 */
export class JsonExtent {
  #depth = 0
  #isString = false
  #isEscaped = false

  /**
   * Number of open objects and lists: 0 when the text is whole, negative when more were closed than opened.
   */
  get depth(): number {
    return this.#depth
  }

  /**
   * Scans the next piece. Calls `at` with the index of each comma and closing bracket and with the depth
   * there.
   */
  read(text: string, at: (index: number, depth: number) => void = () => {}): void {
    for (let index = 0; index < text.length; index++) {
      const character = text[index]
      if (this.#isEscaped) this.#isEscaped = false
      else if (this.#isString) {
        if (character === '\\') this.#isEscaped = true
        else if (character === '"') this.#isString = false
      } else if (character === '"') this.#isString = true
      else if (character === '{' || character === '[') this.#depth++
      else if (character === '}' || character === ']') at(index, this.#depth--)
      else if (character === ',') at(index, this.#depth)
    }
  }
}

/**
 * Returns the elements of a JSON list as texts, each with its index in the whole text; undefined when the
 * text is not one whole list. Numbers keep all their digits.
 */
export function listElements(text: string): { readonly at: number; readonly text: string }[] | undefined {
  const start = text.search(/\S/)
  if (text[start] !== '[') return undefined
  const extent = new JsonExtent()
  const elements: { at: number; text: string }[] = []
  let from = start + 1
  extent.read(text, (index, depth) => {
    if (depth !== 1) return
    const element = text.slice(from, index)
    const at = from + element.search(/\S|$/)
    if (element.trim() !== '') elements.push({ at, text: element.trim() })
    from = index + 1
  })
  return extent.depth === 0 && text.slice(from).trim() === '' ? elements : undefined
}
