import { fieldAt } from '../wire/decode-message.ts'
import { findField } from '../wire/find-field.ts'
import { BOOL, BYTES, DOUBLE, type HekaField, INTEGER, STRING } from '../wire/message.ts'
import type { MessageView } from '../wire/message-view.ts'
import type { Matcher } from './matcher.ts'
import { compareWhole, parseNumberLiteral } from './number-literal.ts'
import type { Test } from './parser.ts'
import { holds, orderOf } from './relations.ts'
import { compileBytesTest } from './variable-test.ts'

type FieldTest = Extract<Test, { field: object }>
type Value = Buffer | bigint | number | boolean
type ValueTest = (value: Value) => boolean

/** Compiles a test of a field's value. Where there is no such value it is false, except `== NIL`. */
export function compileFieldTest(test: FieldTest): Matcher {
  const find = valueFinder(test.field)
  if (test.kind === 'field-nil') {
    const { isNegated } = test
    return (view) => {
      const value = find(view)
      return value !== 'unknown' && (value === undefined) !== isNegated
    }
  }
  const passes = compileValueTest(test)
  return (view) => {
    const value = find(view)
    return value !== undefined && value !== 'unknown' && passes(value)
  }
}

/** Returns what finds the value: undefined where there is none, `unknown` in a field of an unknown type. */
function valueFinder({ name, index, valueIndex }: FieldTest['field']) {
  const bytes = Buffer.from(name)
  const most = BigInt(Number.MAX_SAFE_INTEGER)
  if (index > most || valueIndex > most) return () => undefined
  const [which, at] = [Number(index), Number(valueIndex)]
  return (view: MessageView): Value | 'unknown' | undefined => {
    const found = findField(view, bytes, which)
    return found < 0 ? undefined : valueAt(fieldAt(view, found), at)
  }
}

function valueAt(field: HekaField, at: number): Value | 'unknown' | undefined {
  const type = field.valueType ?? STRING
  if (type === STRING) return field.strings[at]
  if (type === BYTES) return field.bytes[at]
  if (type === INTEGER) return field.integers[at]
  if (type === DOUBLE) return field.doubles[at]
  return type === BOOL ? field.bools[at] : 'unknown'
}

function compileValueTest(test: Exclude<FieldTest, { kind: 'field-nil' }>): ValueTest {
  if (test.kind === 'field-bool') return (value) => value === test.value
  if (test.kind === 'field-number') {
    const literal = parseNumberLiteral(test.value)
    const { operator } = test
    return (value) => {
      if (typeof value === 'bigint') return holds(operator, compareWhole(value, literal))
      return typeof value === 'number' && holds(operator, orderOf(value, literal.double))
    }
  }
  const passes = compileBytesTest(test)
  return (value) => Buffer.isBuffer(value) && passes(value, 0, value.length)
}
