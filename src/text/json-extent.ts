import { Nesting } from './json-bytes.ts'

/**
 * Tracks the nesting of a JSON object or list that arrives in pieces, up to its end or to a bracket that cannot
 * stand where it does. What stands between brackets is not checked.
 */
export class JsonExtent {
  readonly #nesting = new Nesting()
  #isString = false
  #isEscaped = false
  #isFaulty = false
  #last = ''

  /** Number of open objects and lists: 0 before the begin and when the text is whole. */
  get depth(): number {
    return this.#nesting.depth
  }

  /** Whether the last piece ended inside a string. */
  get isInString(): boolean {
    return this.#isString
  }

  /** Whether a bracket was read that cannot stand where it does. */
  get isFaulty(): boolean {
    return this.#isFaulty
  }

  /** The last character that was no blank; empty before the begin. */
  get last(): string {
    return this.#last
  }

  /** Whether an object or list can begin here. In the outermost list an object may follow another one at once. */
  get takesBracket(): boolean {
    if (this.depth === 0) return true
    if (this.#nesting.isObject) return this.#last === ':'
    return this.#last === '[' || this.#last === ',' || (this.depth === 1 && this.#last === '}')
  }

  /**
   * Scans the next piece. Returns the index behind the bracket that ends the text, the index of a faulty
   * bracket, or the length of the piece when the text goes on. Calls `at` with the index of each comma and
   * closing bracket and with the depth there.
   */
  read(text: string, at: (index: number, depth: number) => void = () => {}): number {
    for (let index = 0; index < text.length; index++) {
      const character = text[index] as string
      if (this.#isEscaped) this.#isEscaped = false
      else if (this.#isString) {
        if (character === '\\') this.#isEscaped = true
        else if (character === '"') this.#isString = false
      } else if (!isBlank(character)) {
        if (character === '"') this.#isString = true
        else if (character === ',') at(index, this.depth)
        else if (character === '{' || character === '[') {
          if (!this.takesBracket) return this.#stopAt(index)
          this.#nesting.open(character === '{')
        } else if (character === '}' || character === ']') {
          if (this.#nesting.isObject !== (character === '}')) return this.#stopAt(index)
          at(index, this.depth)
          this.#nesting.close()
          if (this.depth === 0) return index + 1
        }
        this.#last = character
      }
    }
    return text.length
  }

  #stopAt(index: number): number {
    this.#isFaulty = true
    return index
  }
}

function isBlank(character: string): boolean {
  return character === ' ' || character === '\n' || character === '\t' || character === '\r'
}

/** A part of a longer text, and its index there. */
export type TextPart = { readonly at: number; readonly text: string }

/** The elements of a JSON list as texts. */
export type ListElements = {
  readonly elements: readonly TextPart[]
  /** index behind the last whole element, or behind the comma after it */
  readonly end: number
}

/**
 * Returns the whole elements of a JSON list that may not have ended yet, or has a fault somewhere; undefined when
 * the text does not begin a list. Numbers keep all their digits.
 */
export function listElements(text: string): ListElements | undefined {
  const start = text.search(/\S/)
  if (text[start] !== '[') return undefined
  const elements: TextPart[] = []
  let from = start + 1
  const take = (end: number) => {
    const element = text.slice(from, end)
    if (element.trim() !== '') elements.push({ at: from + element.search(/\S/), text: element.trim() })
  }
  new JsonExtent().read(text, (index, depth) => {
    const isClosed = depth === 2 && text[index] !== ','
    if (!isClosed && depth !== 1) return
    take(isClosed ? index + 1 : index)
    from = index + 1
  })
  return { elements, end: from }
}
