import { FLOAT_TEXT, INTEGER_TEXT } from '../domain/number-text.ts'
import type { Micros } from '../domain/time.ts'
import type { DistinguishingTrait } from '../domain/trait.ts'
import { isMetBy, isValueCondition, readingsOf, type TraitCondition } from '../domain/trait-condition.ts'
import { type ComparisonOperator, compilePattern, parseFilterPattern } from './filter-pattern.ts'
import { parseNamedTime } from './named-time.ts'

/** Most conditions of a filter; each on an indexed trait is a join of the inverted index. */
const MOST_CONDITIONS = 20

/** The forms of traits in a filter, for messages. */
export const TRAIT_FORMS = `name:value, at most ${MOST_CONDITIONS} between semicolons, and a number or a time after > or <`

/**
 * Parses `a:b;c:d`; a comma separates pairs too where a name and a colon follow it. Blanks around names and values are
 * ignored. A value may be a glob (`wide*`), a comparison (`>512`, `<-1h`), a negation (`!active`), or after an equals
 * sign a text as it is; `*` alone asks whether there is such a trait. Of several plain values of a name the last
 * counts. Returns undefined for other texts and for too many pairs.
 *
 * @example
 * parseTraitFilter('instance_id:wide*;memory_mb:>512', now)
 */
export function parseTraitFilter(filter: string, now: Micros): TraitCondition[] | undefined {
  const plain = new Map<string, TraitCondition>()
  const others: TraitCondition[] = []
  for (const pair of filter.split(/;|,(?=\s*[\w.-]+\s*:)/)) {
    const colon = pair.indexOf(':')
    const name = pair.slice(0, Math.max(colon, 0)).trim()
    const condition = name === '' ? undefined : conditionOf(name, pair.slice(colon + 1), now)
    if (!condition) return undefined
    if (isValueCondition(condition)) plain.set(name, condition)
    else others.push(condition)
  }
  const conditions = [...plain.values(), ...others]
  return conditions.length <= MOST_CONDITIONS ? conditions : undefined
}

/** Returns the condition that a value of a filter stands for; undefined where a comparison has no operand. */
function conditionOf(name: string, value: string, now: Micros): TraitCondition | undefined {
  const { comparison, isNegated, ...pattern } = parseFilterPattern(value)
  const positive =
    comparison === undefined
      ? patternCondition(name, { ...pattern, isNegated: false })
      : comparisonCondition(name, comparison, pattern.text, now)
  if (!positive || !isNegated) return positive
  return { name, test: (trait) => !isMetBy(positive, trait) }
}

function patternCondition(
  name: string,
  pattern: Parameters<typeof compilePattern>[0],
): TraitCondition | undefined {
  const { text, isGlob } = pattern
  if (!isGlob) return { name, values: readingsOf(text) }
  if (text === '*') return { name, test: () => true }
  const matches = compilePattern(pattern)
  const textPrefix = text.slice(0, text.search(/[*?]/))
  return { name, textPrefix, test: (trait) => trait.type === 'text' && matches(trait.value) }
}

const COMPARE: {
  readonly [comparison in ComparisonOperator]: (a: number | bigint, b: number | bigint) => boolean
} = {
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
}

/** Compares numbers with a number, times and the beginnings of time ranges with a time. */
function comparisonCondition(
  name: string,
  comparison: ComparisonOperator,
  text: string,
  now: Micros,
): TraitCondition | undefined {
  const compare = COMPARE[comparison]
  if (FLOAT_TEXT.test(text)) {
    const number = INTEGER_TEXT.test(text) ? BigInt(text.replace('+', '')) : Number(text)
    return { name, test: (trait) => isNumber(trait) && compare(trait.value, number) }
  }
  const time = parseNamedTime(text, now)
  if (time === undefined) return undefined
  return {
    name,
    test(trait) {
      if (trait.type === 'datetime') return compare(trait.value, time)
      return trait.type === 'timerange' && compare(trait.begin, time)
    },
  }
}

function isNumber(
  trait: DistinguishingTrait,
): trait is Extract<DistinguishingTrait, { type: 'int' | 'float' }> {
  return trait.type === 'int' || trait.type === 'float'
}
