/** Placeholders of a target that stand for a fact about the file's place. */
const FACTS = { u: 'user', U: 'customer', d: 'datacenter', z: 'zone', n: 'node', r: 'role' } as const
export type TemplateFact = (typeof FACTS)[keyof typeof FACTS]

const DATE_FIELDS = ['y', 'm', 'd', 'H', 'M', 'S'] as const
export type DateField = (typeof DATE_FIELDS)[number]

/** A part of a target template. */
export type TemplatePart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'fact'; readonly fact: TemplateFact }
  | { readonly kind: 'group'; readonly group: number }
  | { readonly kind: 'date'; readonly field: DateField }

/** What is wrong with a template: the offset of the placeholder in it, and a sentence. */
export type TemplateFault = { readonly offset: number; readonly message: string }

/**
 * Parses a target template: `%u %U %d %z %n %r`, groups `$1` to `$9` (one digit), `#y #m #d #H #M #S`, and `%%` and `$$`
 * for the signs themselves. Returns a fault for each sign that begins none of these.
 */
export function parseTemplate(text: string): {
  readonly parts: readonly TemplatePart[]
  readonly faults: readonly TemplateFault[]
} {
  const parts: TemplatePart[] = []
  const faults: TemplateFault[] = []
  let literal = ''
  const flush = () => {
    if (literal !== '') parts.push({ kind: 'text', text: literal })
    literal = ''
  }
  for (let at = 0; at < text.length; at++) {
    const sign = text[at] as string
    if (sign !== '%' && sign !== '$' && sign !== '#') {
      literal += sign
      continue
    }
    const next = text[at + 1] ?? ''
    if (sign === next && sign !== '#') literal += sign
    else {
      const part = placeholder(sign, next)
      if (typeof part === 'string') faults.push({ offset: at, message: part })
      else {
        flush()
        parts.push(part)
      }
    }
    at++
  }
  flush()
  return { parts, faults }
}

/** Returns the part that a sign and the letter behind it stand for, or why there is none. */
function placeholder(sign: '%' | '$' | '#', next: string): TemplatePart | string {
  if (sign === '$' && /^[1-9]$/.test(next)) return { kind: 'group', group: Number(next) }
  if (sign === '%' && Object.hasOwn(FACTS, next))
    return { kind: 'fact', fact: FACTS[next as keyof typeof FACTS] }
  if (sign === '#' && DATE_FIELDS.includes(next as DateField))
    return { kind: 'date', field: next as DateField }
  const expected = {
    '%': 'one of %u %U %d %z %n %r, or %% for the sign itself',
    $: '$1 to $9, or $$ for the sign itself',
    '#': 'one of #y #m #d #H #M #S',
  }[sign]
  const found = next === '' ? `"${sign}" at the end` : JSON.stringify(`${sign}${next}`)
  return `${found} is no placeholder; expected ${expected}`
}
