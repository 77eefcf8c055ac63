import { RE2JS } from 're2js'
import { messageOf } from '../../domain/errors.ts'
import { MatcherError } from './matcher-error.ts'
import { nativeSource } from './native-regex.ts'
import type { Regex } from './parser.ts'

/** Whether a part of some bytes matches. */
export type BytesTest = (bytes: Buffer, from: number, end: number) => boolean

const LITERAL = /^(\^?)((?:[^\\.+*?()|[\]{}^$\ufffd]|\\[^\w\s\u0080-\uffff])*)(\$?)$/s
/** Groups, classes and escapes, so that a group's name is not looked for in a class. */
const NAMED =
  /\\Q(?:[^\\]|\\(?!E))*(?:\\E|$)|\\[pP]\{(\^?)([^}]*)\}|\\[\s\S]|\[\^?\]?(?:\[:[^\]]*:\]|\\[\s\S]|[^\]\\])*\]|\(\?(P?)<(\w+)>|\(\?</g
const CATEGORY = /^(?:Any|[CLMNPSZ][a-z]?)$/

/**
 * Compiles a regular expression in the syntax of RE2, which is searched for anywhere in a text and takes time in
 * proportion to it. In bytes that are no UTF-8 each bad byte counts as U+FFFD. Throws MatcherError where it is none.
 */
export function compileRegex({ source, at }: Regex): BytesTest {
  const regex = re2Of(source, at)
  const literal = LITERAL.exec(source)
  if (literal) return literalTest(literal)
  const native = nativeSource(source)
  if (native !== undefined) {
    const pattern = new RegExp(native)
    return (bytes, from, end) => pattern.test(bytes.toString('latin1', from, end))
  }
  return (bytes, from, end) => regex.test(bytes.subarray(from, end))
}

function re2Of(source: string, at: number): RE2JS {
  try {
    return RE2JS.compile(withoutNames(source))
  } catch (error) {
    const reason = messageOf(error).replace(/^error parsing regexp: /, '')
    throw new MatcherError(`the regular expression is not valid (${reason})`, at, 'the syntax of RE2')
  }
}

/** Returns a pattern whose groups have no names, which nothing needs: Go lets two groups have one. */
function withoutNames(source: string): string {
  return source.replace(NAMED, (whole, _, property: string | undefined, python: string | undefined) => {
    if (property !== undefined && !isKnown(property)) throw new Error(`unknown property ${whole}`)
    if (whole === '(?<' || python === '') throw new Error('a group with a name is written (?P<name>…)')
    return python === 'P' ? '(' : whole
  })
}

/** Whether Go knows a class of characters: general categories and scripts, no other properties. */
function isKnown(property: string): boolean {
  if (CATEGORY.test(property)) return true
  try {
    return new RegExp(`\\p{Script=${property}}`, 'u') !== undefined
  } catch {
    return false
  }
}

function literalTest([, caret, escaped = '', dollar]: RegExpExecArray): BytesTest {
  const literal = Buffer.from(escaped.replace(/\\(.)/gs, '$1'))
  const { length } = literal
  const isAt = (bytes: Buffer, at: number) => bytes.compare(literal, 0, length, at, at + length) === 0
  if (caret && dollar) return (bytes, from, end) => end - from === length && isAt(bytes, from)
  if (caret) return (bytes, from, end) => end - from >= length && isAt(bytes, from)
  if (dollar) return (bytes, from, end) => end - from >= length && isAt(bytes, end - length)
  return (bytes, from, end) => bytes.subarray(from, end).includes(literal)
}
