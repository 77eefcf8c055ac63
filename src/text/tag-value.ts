import { beforeBlanks } from './blanks.ts'
import { NAME_KEY } from './member-value.ts'
import { type Quote, quoteAt } from './quoted-text.ts'
import { characterSet, endOfRun, type Part } from './text-parts.ts'
import { hidden, quotedValue } from './value-parts.ts'

const CONTENT = characterSet(/[^<]/)
const IN_TAG = characterSet(/[^<>]/)
const VALUE_ATTRIBUTE = /\s(?:value|val|content|default)\s{0,8}=\s{0,8}(?=\\*["'])/i

/** No tag that gives the name of a value is longer. */
const LONGEST_TAG = 512

/** Returns the index behind the opening tag of XML whose name is at `start` to `end`; -1 where there is none. */
export function endOfTag(text: string, start: number, end: number): number {
  const before = text[start - 1]
  if (
    before !== '<' &&
    !(before === ':' && /<[\w.-]{1,32}$/.test(text.slice(Math.max(0, start - 34), start - 1)))
  )
    return -1
  if (text[end] === '>') return end + 1
  if (!/\s/.test(text[end] ?? '-')) return -1
  const close = endOfRun(text, end, IN_TAG, 1)
  return text[close] === '>' && text[close - 1] !== '/' ? close + 1 : -1
}

/** Tags that open before the content of another one: `<value><string>`. */
const INNER_TAGS = /(?:[\s]{0,64}<\w[\w:.-]{0,32}(?:\s[^<>]{0,64})?(?<!\/)>){1,3}/y
const CDATA = /\s{0,64}<!\[CDATA\[/y

/** Returns the content from an index up to the next tag, that of tags within too; undefined for blanks. */
export function contentAt(text: string, from: number): Part | undefined {
  const at = from + lengthAt(INNER_TAGS, text, from)
  const data = lengthAt(CDATA, text, at)
  if (data > 0) {
    const close = text.indexOf(']]>', at + data)
    return hidden(at + data, close < 0 ? text.length : close)
  }
  const end = endOfRun(text, at, CONTENT, 1)
  return text.slice(at, end).trim() === '' ? undefined : hidden(at, end)
}

function lengthAt(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0].length ?? 0
}

/** The tag around a name, other members behind it, and the tag of the value. */
const VALUE_BEHIND =
  /^<\/(\w{1,16})>\s{0,64}(?:<(\w{1,32})(?:\s[^<>]{0,64})?>[^<>]{0,128}<\/\2>\s{0,64}){0,3}?<(?:values?|val|v|data|string|content)(?:\s[^<>]{0,64})?>/i

/** Finds the value of `<name>password</name><value>…</value>`; `end` is the index behind the name. */
export function valueOfTaggedName(text: string, end: number): Part | undefined {
  const found = VALUE_BEHIND.exec(text.slice(end, end + LONGEST_TAG))
  return found && NAME_KEY.test(found[1] ?? '') ? contentAt(text, end + found[0].length) : undefined
}

/**
 * Finds the value of a tag with the name of a secret in an attribute: `<param name="password" value="…"/>`.
 * `open` is the index of the quote before that name, and `quote` the one behind it.
 */
export function attributeValue(text: string, open: number, quote: Quote, name: string): Part | undefined {
  const equals = beforeBlanks(text, open)
  if (text[equals] !== '=') return undefined
  const before = text.slice(Math.max(0, equals - LONGEST_TAG), equals)
  const tag = /<[\w:.-]+\s(?:[^<>]*\s)?(\w+)\s*$/.exec(before.slice(Math.max(0, before.lastIndexOf('<'))))
  if (!tag || !NAME_KEY.test(tag[1] ?? '')) return undefined
  const rest = text.slice(quote.end, quote.end + LONGEST_TAG)
  const close = rest.search(/[<>]/)
  const attributes = close < 0 ? rest : rest.slice(0, close)
  const value = VALUE_ATTRIBUTE.exec(attributes)
  const opening = value ? quoteAt(text, quote.end + value.index + value[0].length) : undefined
  if (opening) return quotedValue(text, opening, name)
  return rest[close] === '>' && rest[close - 1] !== '/' ? contentAt(text, quote.end + close + 1) : undefined
}
