import { afterBlanks, beforeBlanks } from './blanks.ts'
import { endOfQuoted, type Quote, quoteAt } from './quoted-text.ts'
import type { Part } from './text-parts.ts'
import { endOfValueAt, valueAt } from './value-parts.ts'

/** Keys of an object whose value is the name of something: `{"name": "password", "value": "…"}`. */
export const NAME_KEY = /^(?:name|key|field|header|option|param|parameter|variable|label|k)$/i
const VALUE_KEY = /^(?:value|values|val|v|data)$/i
const VALUE_BEGIN = /\\*["'](?:values?|val|v|data)\\*["']\s{0,8}:\s{0,8}/gi

/** No object of this kind has more members, or is longer before or behind its name. */
const MOST_MEMBERS = 8
const FURTHEST = 2_048

/** The member of an object that holds the name of a secret. */
type NameMember = {
  /** index of the quote that opens its key, and the one that ends its value */
  readonly start: number
  readonly quote: Quote
  readonly name: string
}

/**
 * Finds the value in the object whose member gives the name of a secret, before or behind that member. What
 * is before the index `told` is done with.
 */
export function memberValue(text: string, member: NameMember, told: number): Part | undefined {
  return valueBehindName(text, member) ?? valueBeforeName(text, member, told)
}

function valueBehindName(text: string, { quote, name }: NameMember): Part | undefined {
  const near = text.slice(0, quote.end + FURTHEST)
  let at = quote.end
  for (let count = 0; count < MOST_MEMBERS; count++) {
    const next = memberAt(near, afterBlanks(near, at))
    if (!next) return undefined
    if (VALUE_KEY.test(next.key)) return valueAt(text, next.value, name, quote)
    at = endOfValueAt(near, next.value, quote.escapes)
  }
  return undefined
}

function valueBeforeName(text: string, { start, quote, name }: NameMember, told: number): Part | undefined {
  if (text[beforeBlanks(text, start)] !== ',') return undefined
  const from = Math.max(told, start - FURTHEST)
  const near = text.slice(0, start)
  const begins = [...near.slice(from).matchAll(VALUE_BEGIN)].slice(-3).reverse()
  for (const { index, 0: key } of begins) {
    const value = from + index + key.length
    if (leadsTo(near, value, quote.escapes)) return valueAt(text, value, name, quote)
  }
  return undefined
}

/** Whether members of one object follow each other from a value to the end of a text, behind a comma. */
function leadsTo(text: string, value: number, escapes: number): boolean {
  let at = value
  for (let count = 0; count < MOST_MEMBERS; count++) {
    at = afterBlanks(text, endOfValueAt(text, at, escapes))
    if (text[at] !== ',') return false
    if (afterBlanks(text, at + 1) === text.length) return true
    const next = memberAt(text, at)
    if (!next) return false
    at = next.value
  }
  return false
}

/** Reads the key of the member behind a comma, and where its value begins. */
function memberAt(text: string, comma: number): { readonly key: string; readonly value: number } | undefined {
  if (text[comma] !== ',') return undefined
  const opening = quoteAt(text, afterBlanks(text, comma + 1))
  if (!opening) return undefined
  const end = endOfQuoted(text, opening)
  const closing = quoteAt(text, end)
  const colon = closing ? afterBlanks(text, closing.end) : -1
  if (text[colon] !== ':') return undefined
  return { key: text.slice(opening.end, end), value: afterBlanks(text, colon + 1) }
}
