import type { Token } from 'stream-json/core/parser.js'
import { InvalidError } from '../domain/errors.ts'

/** An item of one of the requested lists, and its index there, from 0. */
export type SectionItem = { readonly section: string; readonly index: number; readonly item: unknown }

/** Name of the member that may hold all lists. */
const CONTAINER = 'db'

/** Builds the items of the requested lists from the tokens of a JSON text, and skips everything else. */
export class SectionReader {
  readonly #sections: ReadonlySet<string>
  /** number of open objects outside of lists: the top-level object and its member `db` */
  #containers = 0
  #member = ''
  #section: string | undefined
  #index = 0
  #builder = new ValueBuilder()
  /** names of the lists that have begun */
  readonly found = new Set<string>()
  /** nesting depth inside a skipped value; 0 when nothing is skipped */
  #skipping = 0

  constructor(sections: ReadonlySet<string>) {
    this.#sections = sections
  }

  take(token: Token): SectionItem | undefined {
    if (this.#skipping > 0) this.#skip(token)
    else if (this.#section !== undefined) return this.#takeOfItem(this.#section, token)
    else this.#takeOutside(token)
    return undefined
  }

  #skip({ name }: Token): void {
    if (name === 'startObject' || name === 'startArray') this.#skipping++
    if (name === 'endObject' || name === 'endArray') this.#skipping--
  }

  #takeOfItem(section: string, token: Token): SectionItem | undefined {
    if (token.name === 'endArray' && this.#builder.isEmpty) {
      this.#section = undefined
      return undefined
    }
    const built = this.#builder.take(token)
    return built && { section, index: this.#index++, item: built.value }
  }

  #takeOutside(token: Token): void {
    if (this.#containers === 0) {
      if (token.name !== 'startObject')
        throw new InvalidError('expected a JSON object with events and streams')
      this.#containers = 1
    } else if (token.name === 'keyValue') this.#member = token.value
    else if (token.name === 'endObject') this.#containers--
    else if (token.name === 'startObject' && this.#containers === 1 && this.#member === CONTAINER)
      this.#containers++
    else if (token.name === 'startArray' && this.#sections.has(this.#member)) {
      this.#section = this.#member
      this.#index = 0
      this.found.add(this.#member)
    } else {
      if (this.#sections.has(this.#member)) throw new InvalidError(`${this.#member}: expected a list`)
      this.#skip(token)
    }
  }
}

type Container = unknown[] | { [key: string]: unknown }

/** Builds JSON values one after the other. Integers beyond 2^53 become bigint. */
class ValueBuilder {
  #open: { readonly container: Container; key: string }[] = []

  get isEmpty(): boolean {
    return this.#open.length === 0
  }

  /** Takes a token. Returns the value when it is complete. */
  take(token: Token): { readonly value: unknown } | undefined {
    switch (token.name) {
      case 'startObject':
        this.#open.push({ container: Object.create(null), key: '' })
        return undefined
      case 'startArray':
        this.#open.push({ container: [], key: '' })
        return undefined
      case 'endObject':
      case 'endArray':
        return this.#add(this.#open.pop()?.container)
      case 'keyValue': {
        const top = this.#open.at(-1)
        if (top) top.key = token.value
        return undefined
      }
      case 'numberValue':
        return this.#add(exactNumber(token.value))
      case 'stringValue':
      case 'nullValue':
      case 'trueValue':
      case 'falseValue':
        return this.#add(token.value)
      default:
        return undefined
    }
  }

  #add(value: unknown): { readonly value: unknown } | undefined {
    const top = this.#open.at(-1)
    if (!top) return { value }
    if (Array.isArray(top.container)) top.container.push(value)
    else top.container[top.key] = value
    return undefined
  }
}

function exactNumber(text: string): number | bigint {
  const number = Number(text)
  return Number.isSafeInteger(number) || !/^-?\d+$/.test(text) ? number : BigInt(text)
}
