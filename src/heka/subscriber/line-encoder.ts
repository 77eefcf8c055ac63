import { isUtf8 } from 'node:buffer'
import { fieldAt } from '../wire/decode-message.ts'
import { BOOL, BYTES, DOUBLE, type HekaField, INTEGER, STRING } from '../wire/message.ts'
import { type MessageView, TEXTS, UUID } from '../wire/message-view.ts'
import { uuidText } from '../wire/uuid-text.ts'
import { doubleText } from './double-text.ts'
import type { LineField } from './line-fields.ts'
import type { LineWriter } from './line-writer.ts'

const NANOSECONDS = 1_000_000_000n
const NOTHING = Buffer.alloc(0)
/** Length of the longest name of a key, which a field may have too. */
const LONGEST_KEY = 13

export type LineOptions = {
  /** keys of a line, in order */
  readonly fields: readonly LineField[]
  /** names of the fields of a message that are written; all where empty */
  readonly dynamicFields: readonly string[]
}

/**
 * Returns the function that writes a message as a line of JSON. Fields of one name become one list, and a field that
 * is named like another key stands under `Fields[NAME]`, so that no key is there twice.
 */
export function createLineEncoder(options: LineOptions): (view: MessageView, writer: LineWriter) => void {
  const allowed = new Set(options.dynamicFields)
  const writers = options.fields.map((name) => keyWriter(name, options, allowed))
  return (view, writer) => {
    writer.ascii('{')
    let isFirst = true
    for (const write of writers) if (write(view, writer, isFirst)) isFirst = false
    writer.ascii('}\n')
  }
}

/** Writes a key; `isFirst` says whether none stands before it. Returns whether it has written one. */
type KeyWriter = (view: MessageView, writer: LineWriter, isFirst: boolean) => boolean

function keyWriter(name: LineField, { fields }: LineOptions, allowed: ReadonlySet<string>): KeyWriter {
  if (name === 'DynamicFields') return dynamicWriter(fields, allowed)
  const write = variableWriter(name)
  const [first, next] = [`"${name}":`, `,"${name}":`]
  return (view, writer, isFirst) => {
    writer.ascii(isFirst ? first : next)
    write(view, writer)
    return true
  }
}

function variableWriter(name: LineField): (view: MessageView, writer: LineWriter) => void {
  if (name === 'Uuid') return (view, writer) => writer.ascii(`"${uuidText(view.text(UUID))}"`)
  if (name === 'Timestamp') return (view, writer) => writer.ascii(`"${timeText(view.timestamp)}"`)
  if (name === 'Severity') return (view, writer) => writer.ascii(String(view.severity))
  if (name === 'Pid') return (view, writer) => writer.ascii(String(view.pid))
  const number = TEXTS.get(name) as number
  return (view, writer) => {
    const from = view.spans[2 * number] as number
    if (from < 0) writer.text(NOTHING)
    else writer.text(view.bytes, from, view.spans[2 * number + 1])
  }
}

/** The second that was formatted last: most messages follow each other closely. */
let lastSeconds = Number.NaN
let lastText = ''

/** Returns nanoseconds since 1970 as `YYYY-MM-DDTHH:MM:SS` in UTC; the fraction is cut off, towards the past. */
function timeText(nanoseconds: bigint): string {
  const seconds = Number(nanoseconds / NANOSECONDS) - (nanoseconds % NANOSECONDS < 0n ? 1 : 0)
  if (seconds !== lastSeconds) {
    lastSeconds = seconds
    lastText = new Date(seconds * 1000).toISOString().slice(0, 19)
  }
  return lastText
}

function dynamicWriter(keys: readonly string[], allowed: ReadonlySet<string>): KeyWriter {
  const taken = new Set(keys.filter((key) => key !== 'DynamicFields'))
  return (view, writer, isFirst) => {
    const fields = fieldsOf(view, allowed)
    let separator = isFirst ? '' : ','
    for (const [index, field] of fields.entries()) {
      const same = sameNamed(fields, index)
      if (same === 'before') continue
      const name = field.name ?? NOTHING
      writer.ascii(separator)
      if (name.length <= LONGEST_KEY && taken.has(name.toString('latin1')))
        writer.text(Buffer.from(`Fields[${name}]`))
      else writer.text(name)
      writer.ascii(':')
      writeValues(same === 'none' ? [field] : same, writer)
      separator = ','
    }
    return fields.length > 0
  }
}

/** Returns the fields that are written. */
function fieldsOf(view: MessageView, allowed: ReadonlySet<string>): HekaField[] {
  const fields: HekaField[] = []
  for (let index = 0; index < view.fieldCount; index++) {
    const field = fieldAt(view, index)
    if (allowed.size === 0 || (field.name && allowed.has(field.name.toString()))) fields.push(field)
  }
  return fields
}

/** Returns all fields of the name of one, `none` where it is alone, `before` where an earlier one has its name. */
function sameNamed(fields: readonly HekaField[], index: number): 'none' | 'before' | HekaField[] {
  const name = fields[index]?.name ?? NOTHING
  for (let at = 0; at < index; at++) if (name.equals(fields[at]?.name ?? NOTHING)) return 'before'
  const later = fields.filter((field, at) => at > index && name.equals(field.name ?? NOTHING))
  return later.length === 0 ? 'none' : [fields[index] as HekaField, ...later]
}

function writeValues(fields: readonly HekaField[], writer: LineWriter): void {
  let count = 0
  for (const field of fields) count += listOf(field).length
  if (count === 0) {
    writer.ascii('null')
    return
  }
  if (count > 1) writer.ascii('[')
  let separator = ''
  for (const field of fields) {
    const values = listOf(field)
    const isText = (field.valueType ?? STRING) === STRING
    for (const value of values) {
      writer.ascii(separator)
      writeValue(value, isText || values.length === 1, isText, writer)
      separator = ','
    }
  }
  if (count > 1) writer.ascii(']')
}

type Value = Buffer | bigint | number | boolean

/** Returns the values in the list of a field's type; none where the type is unknown. */
function listOf(field: HekaField): readonly Value[] {
  const type = field.valueType ?? STRING
  if (type === STRING) return field.strings
  if (type === BYTES) return field.bytes
  if (type === INTEGER) return field.integers
  if (type === DOUBLE) return field.doubles
  return type === BOOL ? field.bools : []
}

/** Writes a value. Bytes are base64, but text where they are alone and UTF-8; a text is always text. */
function writeValue(value: Value, mayBeText: boolean, isText: boolean, writer: LineWriter): void {
  if (typeof value === 'number') writer.ascii(doubleText(value))
  else if (typeof value !== 'object') writer.ascii(String(value))
  else if (mayBeText && (isText || isUtf8(value))) writer.text(value)
  else writer.ascii(`"${value.toString('base64')}"`)
}
