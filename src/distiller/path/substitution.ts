import { RE2JS } from 're2js'

type Part = string | { readonly group: number | string }

/**
 * A regular expression and its replacement, as in Python's re.sub: `\1`, `\g<1>` and `\g<name>` are groups.
 * The syntax is RE2's, without look-around and back-references, so that the time is linear in the text,
 * whatever the pattern.
 */
export class Substitution {
  readonly #pattern: RE2JS
  readonly #parts: readonly Part[]

  /** Throws an Error about the fault of the pattern, or about a group that the pattern does not have. */
  constructor(pattern: string, replacement: string) {
    this.#pattern = RE2JS.compile(pattern)
    this.#parts = parseReplacement(replacement)
    for (const part of this.#parts) if (typeof part !== 'string') this.#requireGroup(part.group)
  }

  /** Replaces all matches in a text. */
  apply(text: string): string {
    const matcher = this.#pattern.matcher(text)
    let replaced = ''
    let from = 0
    while (matcher.find()) {
      replaced += text.slice(from, matcher.start())
      for (const part of this.#parts) {
        replaced += typeof part === 'string' ? part : (matcher.group(part.group) ?? '')
      }
      from = matcher.end()
    }
    return replaced + text.slice(from)
  }

  #requireGroup(group: number | string): void {
    const isKnown =
      typeof group === 'number' ? group <= this.#pattern.groupCount() : group in this.#pattern.namedGroups()
    if (!isKnown) throw new Error(`the pattern has no group ${group}`)
  }
}

function parseReplacement(text: string): Part[] {
  return text.split(/(\\g<\w+>|\\\d)/).map((part) => {
    const name = /^\\(?:g<(\w+)>|(\d))$/.exec(part)
    if (!name) return part
    const group = (name[1] ?? name[2]) as string
    return { group: /^\d+$/.test(group) ? Number(group) : group }
  })
}
