/** How far a JSON text has come that is read piece by piece: how deep it is nested now, and whether in a string. */
export class JsonExtent {
  #depth = 0
  #isString = false
  #isEscaped = false

  /** Objects and lists that are open; 0 when the text is whole, less when more are closed than were opened. */
  get depth(): number {
    return this.#depth
  }

  /** Reads on; calls `at` with the place of each comma and closing bracket and the depth there. */
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
 * Returns the elements of a list as texts, each with its place in the whole; undefined where the text is no whole list.
 * Numbers keep all their digits.
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
