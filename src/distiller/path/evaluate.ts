import { isJsonObject, type JsonValue } from '../../domain/notification.ts'
import type { Condition, FilterOperator, PathExpression } from './expression.ts'
import type { Match } from './match.ts'

/** Returns all matches of an expression, starting from a match, in the order of the document. */
export function findMatches(expression: PathExpression, from: Match): Match[] {
  switch (expression.kind) {
    case 'root':
      return [rootOf(from)]
    case 'this':
      return [from]
    case 'parent':
      return from.parent ? [from.parent] : []
    case 'fields':
      return expression.names.flatMap((name) => field(from, name))
    case 'anyField':
      return isJsonObject(from.value) ? Object.keys(from.value).flatMap((name) => field(from, name)) : []
    case 'index':
      return element(from, expression.index)
    case 'slice':
      return slice(from, expression.start, expression.end)
    case 'filter':
      return elements(from).filter((match) =>
        expression.conditions.every((condition) => holds(condition, match)),
      )
    case 'child':
      return children(expression.left, expression.right, from)
    case 'descendants':
      return distinct(findMatches(expression.left, from).flatMap((match) => descend(expression.right, match)))
    case 'where':
      return findMatches(expression.left, from).filter(
        (match) => findMatches(expression.right, match).length > 0,
      )
    case 'union':
      return [...findMatches(expression.left, from), ...findMatches(expression.right, from)]
    case 'firstOf':
      return firstFound(expression.choices, from)
    case 'intersection': {
      const right = new Set(findMatches(expression.right, from).map(({ value }) => value))
      return findMatches(expression.left, from).filter(({ value }) => right.has(value))
    }
    default:
      return applyFunction(expression, from)
  }
}

/** A path step that computes a new value from the value found. */
export type FunctionExpression = PathExpression & { readonly kind: 'len' | 'sorted' | 'split' | 'sub' }

function applyFunction(expression: FunctionExpression, from: Match): Match[] {
  const value = functionValue(expression, from.value)
  return value === undefined ? [] : [{ value, parent: from, key: undefined }]
}

type SplitExpression = PathExpression & { readonly kind: 'split' }

/** Applies a function to a value; undefined where the function does not take values of this type. */
export function functionValue(expression: FunctionExpression, value: JsonValue): JsonValue | undefined {
  switch (expression.kind) {
    case 'len':
      if (typeof value === 'string') return [...value].length
      if (Array.isArray(value)) return value.length
      return isJsonObject(value) ? Object.keys(value).length : undefined
    case 'sorted':
      return Array.isArray(value) ? [...value].sort(compare) : undefined
    case 'split':
      return typeof value === 'string' ? segmentOf(value, expression) : undefined
    case 'sub':
      return typeof value === 'string' ? expression.substitution.apply(value) : undefined
  }
}

function segmentOf(text: string, { separator, segment, maxSplit }: SplitExpression): string | undefined {
  // The last segment of a URL is read from every instance's notification: the fast path for it.
  if (segment === -1 && maxSplit < 0) {
    const at = text.lastIndexOf(separator)
    return at < 0 ? text : text.slice(at + separator.length)
  }
  return splitText(text, separator, maxSplit).at(segment)
}

/** Splits a text like Python's str.split: at most `maxSplit` cuts, all when it is negative. */
export function splitText(text: string, separator: string, maxSplit: number): string[] {
  const parts = text.split(separator)
  if (maxSplit < 0 || parts.length <= maxSplit + 1) return parts
  return [...parts.slice(0, maxSplit), parts.slice(maxSplit).join(separator)]
}

/** Compares two plain values for sorting. Lists and objects compare as equal to everything. */
function compare(a: JsonValue, b: JsonValue): number {
  if (typeof a === 'object' || typeof b === 'object') return 0
  const [x, y] = [a as number, b as number]
  return x < y ? -1 : x > y ? 1 : 0
}

function rootOf(match: Match): Match {
  let root = match
  while (root.parent) root = root.parent
  return root
}

function field(from: Match, name: string): Match[] {
  const { value } = from
  if (!isJsonObject(value) || !Object.hasOwn(value, name)) return []
  return [{ value: value[name] as JsonValue, parent: from, key: name }]
}

function element(from: Match, index: number): Match[] {
  if (!Array.isArray(from.value)) return []
  const at = index < 0 ? from.value.length + index : index
  const value: JsonValue | undefined = from.value[at]
  return value === undefined ? [] : [{ value, parent: from, key: index }]
}

function elements(from: Match): Match[] {
  if (!Array.isArray(from.value)) return []
  return from.value.map((value: JsonValue, key) => ({ value, parent: from, key }))
}

/** Returns the elements from `start` to before `end`. A value that is no list counts as a list of one. */
function slice(from: Match, start: number | undefined, end: number | undefined): Match[] {
  const list = Array.isArray(from.value) ? from : { ...from, value: [from.value] }
  return elements(list).slice(start, end)
}

/** Returns the matches at the match itself, then those below it, depth first. */
function descend(expression: PathExpression, from: Match): Match[] {
  const found: Match[] = []
  const waiting = [from]
  for (let match = waiting.pop(); match; match = waiting.pop()) {
    found.push(...findMatches(expression, match))
    waiting.push(...childrenOf(match).reverse())
  }
  return found
}

function firstFound(choices: readonly PathExpression[], from: Match): Match[] {
  for (const choice of choices) {
    const found = findMatches(choice, from).filter(({ value }) => value !== null)
    if (found.length > 0) return found
  }
  return []
}

function children(left: PathExpression, right: PathExpression, from: Match): Match[] {
  const found = findMatches(left, from).flatMap((match) => findMatches(right, match))
  return right.kind === 'parent' || right.kind === 'root' ? distinct(found) : found
}

/**
 * Keeps each place of the document once. Otherwise the time would multiply with each `..`, `parent` or `$`.
 */
function distinct(matches: readonly Match[]): Match[] {
  const seen = new Map<JsonValue, Set<string | number>>()
  return matches.filter(({ parent, key }) => {
    // A computed value has no place in the document.
    if (parent && key === undefined) return true
    const place = parent?.value ?? null
    const keys = seen.get(place) ?? new Set()
    seen.set(place, keys)
    if (keys.has(key ?? '')) return false
    keys.add(key ?? '')
    return true
  })
}

function childrenOf(match: Match): Match[] {
  if (Array.isArray(match.value)) return elements(match)
  return isJsonObject(match.value) ? findMatches({ kind: 'anyField' }, match) : []
}

function holds({ target, operator, value }: Condition, from: Match): boolean {
  const found = findMatches(target, from)
  if (operator === undefined) return found.length > 0
  return found.some((match) => compares(match.value, operator, value as string | number | boolean))
}

/**
 * Compares a value found with the one in a filter. Where the filter has a number, texts are converted first,
 * as in the original.
 */
function compares(found: JsonValue, operator: FilterOperator, wanted: string | number | boolean): boolean {
  const value =
    typeof wanted === 'number' && typeof found === 'string' && found.trim() !== '' ? Number(found) : found
  if (operator === '!=') return value !== wanted
  if (typeof value !== typeof wanted) return false
  const order = compare(value, wanted)
  switch (operator) {
    case '<':
      return order < 0
    case '<=':
      return order <= 0
    case '>':
      return order > 0
    case '>=':
      return order >= 0
    default:
      return value === wanted
  }
}
