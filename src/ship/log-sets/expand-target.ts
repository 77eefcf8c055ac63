import type { LogSet, Place } from './log-set.ts'
import { formatPart } from './name-date.ts'
import { withPercentBytes } from './path-text.ts'

export type TargetFacts = Place & { readonly customer: string | undefined; readonly date: number | undefined }

/**
 * Returns the target of a file that matches, or the sentence on why it has none. Bytes of its path that are not UTF-8 stand in
 * the target as `%FF`.
 */
export function expandTarget(
  { template, suffix }: LogSet,
  match: RegExpExecArray,
  facts: TargetFacts,
): { readonly target: string } | { readonly error: string } {
  const texts: string[] = []
  for (const part of template) {
    if (part.kind === 'text') texts.push(part.text)
    else if (part.kind === 'group') {
      const text = match[part.group]
      if (text === undefined) return { error: `group $${part.group} of regex has no part of this path` }
      texts.push(text)
    } else if (part.kind === 'fact') {
      const text = facts[part.fact]
      if (text === undefined) return { error: `the ${part.fact} of this file is not known` }
      texts.push(text)
    } else texts.push(formatPart(part.field, facts.date as number))
  }
  const target = `${withPercentBytes(texts.join(''))}${suffix}`
  if (target.includes('\0')) return { error: 'its target would hold a NUL' }
  if (target.split('/').includes('..'))
    return { error: `its target ${JSON.stringify(target)} holds "..", which could lead out of its prefix` }
  return { target }
}
