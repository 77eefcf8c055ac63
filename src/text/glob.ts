type Part =
  | { readonly kind: 'star' }
  | { readonly kind: 'any' }
  | { readonly kind: 'literal'; readonly character: string }
  | {
      readonly kind: 'set'
      readonly negated: boolean
      readonly ranges: readonly (readonly [string, string])[]
    }

/**
 * Compiles a case-sensitive shell glob to a test of whole texts. It knows `*`, `?`, `[abc]`, `[a-z]` and
 * `[!abc]`; a bracket that is never closed stands for itself. A test takes at most time in proportion to the
 * product of both lengths, whatever the pattern.
 */
export function compileGlob(pattern: string): (text: string) => boolean {
  if (!/[*?[]/.test(pattern)) return (text) => text === pattern
  const parts = parseGlob(pattern)
  return (text) => matches(parts, text)
}

function parseGlob(pattern: string): Part[] {
  const characters = [...pattern]
  const parts: Part[] = []
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] as string
    const close = character === '[' ? closingBracket(characters, at) : -1
    if (character === '*') {
      if (parts.at(-1)?.kind !== 'star') parts.push({ kind: 'star' })
    } else if (character === '?') parts.push({ kind: 'any' })
    else if (close > 0) {
      parts.push(parseSet(characters.slice(at + 1, close)))
      at = close
    } else parts.push({ kind: 'literal', character })
  }
  return parts
}

/**
 * Returns the index of the closing bracket, or -1. A `]` right after the opening bracket (or after its `!`)
 * belongs to the set.
 */
function closingBracket(characters: readonly string[], open: number): number {
  const first = characters[open + 1] === '!' ? open + 2 : open + 1
  return characters.indexOf(']', first + 1)
}

function parseSet(inner: readonly string[]): Part {
  const negated = inner[0] === '!'
  const members = negated ? inner.slice(1) : inner
  const ranges: [string, string][] = []
  for (let at = 0; at < members.length; at++) {
    const from = members[at] as string
    const to = members[at + 2]
    if (members[at + 1] === '-' && to !== undefined) {
      ranges.push([from, to])
      at += 2
    } else ranges.push([from, from])
  }
  return { kind: 'set', negated, ranges }
}

/**
 * Whether the parts match the whole text. Backtracks only to the last star, so many stars cost no more than
 * one.
 */
function matches(parts: readonly Part[], text: string): boolean {
  const characters = [...text]
  let part = 0
  let at = 0
  let star = -1
  let starAt = 0
  while (at < characters.length) {
    const current = parts[part]
    if (current?.kind === 'star') {
      star = part++
      starAt = at
    } else if (current && accepts(current, characters[at] as string)) {
      part++
      at++
    } else if (star >= 0) {
      part = star + 1
      at = ++starAt
    } else return false
  }
  while (parts[part]?.kind === 'star') part++
  return part === parts.length
}

function accepts(part: Part, character: string): boolean {
  switch (part.kind) {
    case 'literal':
      return part.character === character
    case 'set':
      return part.ranges.some(([from, to]) => character >= from && character <= to) !== part.negated
    default:
      return true
  }
}
