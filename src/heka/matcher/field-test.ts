import { findField } from '../wire/find-field.ts'
import { type FieldValue, valueAt, type WholeValue } from '../wire/find-value.ts'
import type { MessageView } from '../wire/message-view.ts'
import type { Matcher } from './matcher.ts'
import { compileWholeTest, parseNumberLiteral } from './number-literal.ts'
import type { Test } from './parser.ts'
import { holds, orderOf } from './relations.ts'
import { compileBytesTest } from './variable-test.ts'

type FieldTest = Extract<Test, { field: object }>
type Found = FieldValue | WholeValue
type ValueTest = (value: Exclude<Found, undefined>) => boolean

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
    return value !== undefined && passes(value)
  }
}

/** Returns what finds the value: undefined where there is none, `unknown` in a field of an unknown type. */
function valueFinder({ name, index, valueIndex }: FieldTest['field']): (view: MessageView) => Found {
  const bytes = Buffer.from(name)
  const most = BigInt(Number.MAX_SAFE_INTEGER)
  if (index > most) return () => undefined
  const which = Number(index)
  const at = valueIndex > most ? Number.MAX_SAFE_INTEGER : Number(valueIndex)
  return (view) => {
    const found = findField(view, bytes, which)
    return found < 0 ? undefined : valueAt(view, found, at)
  }
}

function compileValueTest(test: Exclude<FieldTest, { kind: 'field-nil' }>): ValueTest {
  if (test.kind === 'field-bool') return (value) => value === test.value
  if (test.kind === 'field-number') {
    const literal = parseNumberLiteral(test.value)
    const { operator } = test
    const isWhole = compileWholeTest(operator, literal)
    return (value) => {
      if (typeof value === 'number') return holds(operator, orderOf(value, literal.double))
      return typeof value === 'object' && 'whole' in value && isWhole(value.whole)
    }
  }
  const passes = compileBytesTest(test)
  return (value) => Buffer.isBuffer(value) && passes(value, 0, value.length)
}
