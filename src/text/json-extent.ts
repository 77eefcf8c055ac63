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

  /** Whether the last piece ended inside a string. */
  get isInString(): boolean {
    return this.#isString
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

/** A part of a longer text, and its index there. */
export type TextPart = { readonly at: number; readonly text: string }

/** The elements of a JSON list as texts. */
export type ListElements = {
  readonly elements: readonly TextPart[]
  /** index behind the last element and its comma */
  readonly end: number
  /** whether the text is the whole list, and nothing else */
  readonly isWhole: boolean
}

/**
 * Returns the elements of a JSON list that may not have ended yet; undefined when the text does not begin a
 * list. Numbers keep all their digits.
 */
export function listElements(text: string): ListElements | undefined {
  const start = text.search(/\S/)
  if (text[start] !== '[') return undefined
  const extent = new JsonExtent()
  const elements: TextPart[] = []
  let from = start + 1
  extent.read(text, (index, depth) => {
    if (depth !== 1) return
    const element = text.slice(from, index)
    const at = from + element.search(/\S|$/)
    if (element.trim() !== '') elements.push({ at, text: element.trim() })
    from = index + 1
  })
  return { elements, end: from, isWhole: extent.depth === 0 && text.slice(from).trim() === '' }
}
