import { TEXTS, UUID } from '../wire/message-view.ts'
import { uuidText } from '../wire/uuid-text.ts'
import type { Matcher } from './matcher.ts'
import { compileWholeTest, parseNumberLiteral } from './number-literal.ts'
import type { Test } from './parser.ts'
import { type BytesTest, compileRegex } from './regex.ts'
import { holds } from './relations.ts'

type TextTest = Extract<Test, { kind: 'text' | 'regex' }>
type NumberTest = Extract<Test, { kind: 'number' }>

const NOTHING = Buffer.alloc(0)

/** Compiles a test of a text. One that is absent is empty. */
export function compileTextTest(test: TextTest): Matcher {
  const passes = compileBytesTest(test)
  if (test.name === 'Uuid')
    return (view) => testBytes(passes, Buffer.from(uuidText(view.text(UUID)), 'latin1'))
  const number = 2 * (TEXTS.get(test.name) as number)
  return (view) => {
    const from = view.spans[number] as number
    if (from < 0) return passes(NOTHING, 0, 0)
    return passes(view.bytes, from, view.spans[number + 1] as number)
  }
}

function testBytes(passes: BytesTest, bytes: Buffer): boolean {
  return passes(bytes, 0, bytes.length)
}

/** Compiles a comparison of bytes with a text by its bytes in UTF-8, or with a regular expression. */
export function compileBytesTest(
  test:
    | Pick<Extract<Test, { kind: 'text' }>, 'operator' | 'value'>
    | Pick<Extract<Test, { kind: 'regex' }>, 'isNegated' | 'regex'>,
): BytesTest {
  if ('regex' in test) {
    const matches = compileRegex(test.regex)
    if (!test.isNegated) return matches
    return (bytes, from, end) => !matches(bytes, from, end)
  }
  const { operator } = test
  const value = Buffer.from(test.value)
  const { length } = value
  const isEqual: BytesTest = (bytes, from, end) =>
    end - from === length && (length === 0 || bytes.compare(value, 0, length, from, end) === 0)
  if (operator === '==') return isEqual
  if (operator === '!=') return (bytes, from, end) => !isEqual(bytes, from, end)
  return (bytes, from, end) => holds(operator, bytes.compare(value, 0, length, from, end))
}

/** Compiles a test of a number. An absent severity is 7, other absent numbers are 0. */
export function compileNumberTest({ name, operator, value }: NumberTest): Matcher {
  const passes = compileWholeTest(operator, parseNumberLiteral(value))
  if (name === 'Timestamp') return (view) => passes(view.timestamp)
  if (name === 'Severity') return (view) => passes(view.severity)
  return (view) => passes(view.pid)
}
