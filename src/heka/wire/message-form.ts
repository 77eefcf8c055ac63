import { isUtf8 } from 'node:buffer'
import { type HekaField, type HekaMessage, VALUE_TYPES } from './message.ts'

/** A text, or its bytes in hexadecimal where they are no UTF-8. */
export type TextForm = string | { readonly hex: string }
/** A double; as text where JSON has no number for it: `NaN`, `Infinity`, `-Infinity`, `-0`. */
export type DoubleForm = number | string

/** A field as JSON. Lists that are empty are left out. */
export type FieldForm = {
  readonly name?: TextForm | undefined
  readonly valueType?: string | number | undefined
  readonly representation?: TextForm | undefined
  readonly valueString?: readonly TextForm[] | undefined
  readonly valueBytes?: readonly string[] | undefined
  readonly valueInteger?: readonly string[] | undefined
  readonly valueDouble?: readonly DoubleForm[] | undefined
  readonly valueBool?: readonly boolean[] | undefined
  readonly unrecognized?: string | undefined
}

/** A message as JSON: bytes in hexadecimal, integers of 64 bits as decimal text, nothing for what is absent. */
export type MessageForm = {
  readonly uuid?: string | undefined
  readonly timestamp?: string | undefined
  readonly type?: TextForm | undefined
  readonly logger?: TextForm | undefined
  readonly severity?: number | undefined
  readonly payload?: TextForm | undefined
  readonly envVersion?: TextForm | undefined
  readonly pid?: number | undefined
  readonly hostname?: TextForm | undefined
  readonly fields?: readonly FieldForm[] | undefined
  readonly unrecognized?: string | undefined
}

/** Returns a message as JSON. */
export function messageForm(message: HekaMessage): MessageForm {
  return {
    uuid: message.uuid?.toString('hex'),
    timestamp: message.timestamp?.toString(),
    type: textForm(message.type),
    logger: textForm(message.logger),
    severity: message.severity,
    payload: textForm(message.payload),
    envVersion: textForm(message.envVersion),
    pid: message.pid,
    hostname: textForm(message.hostname),
    fields: listForm(message.fields, fieldForm),
    unrecognized: message.unrecognized?.toString('hex'),
  }
}

function fieldForm(field: HekaField): FieldForm {
  const { valueType } = field
  return {
    name: textForm(field.name),
    valueType: valueType === undefined ? undefined : (VALUE_TYPES[valueType] ?? valueType),
    representation: textForm(field.representation),
    valueString: listForm(field.strings, (text) => textForm(text) as TextForm),
    valueBytes: listForm(field.bytes, (bytes) => bytes.toString('hex')),
    valueInteger: listForm(field.integers, String),
    valueDouble: listForm(field.doubles, doubleForm),
    valueBool: listForm(field.bools, (value) => value),
    unrecognized: field.unrecognized?.toString('hex'),
  }
}

function textForm(bytes: Buffer | undefined): TextForm | undefined {
  if (bytes === undefined) return undefined
  return isUtf8(bytes) ? bytes.toString() : { hex: bytes.toString('hex') }
}

function doubleForm(value: number): DoubleForm {
  if (Object.is(value, -0)) return '-0'
  return Number.isFinite(value) ? value : String(value)
}

function listForm<T, F>(values: readonly T[], form: (value: T) => F): readonly F[] | undefined {
  return values.length === 0 ? undefined : values.map(form)
}
