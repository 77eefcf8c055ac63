import { ByteReader, signed64 } from './byte-reader.ts'
import { fieldAt } from './decode-message.ts'
import { BOOL, BYTES, DOUBLE, type HekaField, INTEGER, STRING } from './message.ts'
import type { MessageView } from './message-view.ts'

/** A value of a field; `unknown` where the field's type is none of Heka's, undefined where there is no such value. */
export type FieldValue = Buffer | bigint | number | boolean | 'unknown' | undefined
/** A whole number of a field; one that a double holds exactly is a number. */
export type WholeValue = { readonly whole: number | bigint }

const reader = new ByteReader()
const VALUE_TYPE = 2
const NUMBERS: readonly number[] = [4, 5, 6, 7, 8]

/** Returns a value of a field by its index, without decoding the others where the message is in order. */
export function valueAt(view: MessageView, index: number, valueIndex: number): FieldValue | WholeValue {
  if (!view.isCanonical) return valueIn(fieldAt(view, index), valueIndex)
  reader.begin(view.bytes, view.fieldSpans[2 * index] as number, view.fieldSpans[2 * index + 1] as number)
  let type = STRING
  let left = valueIndex
  while (reader.at < reader.end) {
    const tag = reader.tag()
    const number = tag >>> 3
    if (number === VALUE_TYPE) {
      reader.varint()
      type = reader.low | 0
      if (NUMBERS[type] === undefined) return 'unknown'
    } else if (number !== NUMBERS[type]) reader.skip(tag & 7)
    else if (type > BYTES) return packedAt(type, left)
    else {
      const end = reader.length()
      if (left-- === 0) return view.bytes.subarray(reader.at, end)
      reader.at = end
    }
  }
  return undefined
}

/** Returns a value of the packed list that begins here. */
function packedAt(type: number, index: number): FieldValue | WholeValue {
  const end = reader.length()
  if (type === DOUBLE) {
    const at = reader.at + 8 * index
    return at < end ? reader.bytes.readDoubleLE(at) : undefined
  }
  for (let left = index; reader.at < end; left--) {
    reader.varint()
    if (left > 0) continue
    if (type === BOOL) return reader.low !== 0
    return { whole: reader.high === 0 ? reader.low : signed64(reader.low, reader.high) }
  }
  return undefined
}

function valueIn(field: HekaField, at: number): FieldValue | WholeValue {
  const type = field.valueType ?? STRING
  if (type === STRING) return field.strings[at]
  if (type === BYTES) return field.bytes[at]
  if (type === DOUBLE) return field.doubles[at]
  if (type === BOOL) return field.bools[at]
  if (type !== INTEGER) return 'unknown'
  const whole = field.integers[at]
  return whole === undefined ? undefined : { whole }
}
