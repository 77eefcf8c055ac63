import { isUtf8 } from 'node:buffer'
import { fieldAt } from '../wire/decode-message.ts'
import { BOOL, BYTES, DOUBLE, type HekaField, INTEGER, STRING } from '../wire/message.ts'
import { ENV_VERSION, HOSTNAME, LOGGER, type MessageView, PAYLOAD, TYPE, UUID } from '../wire/message-view.ts'
import { uuidText } from '../wire/uuid-text.ts'
import { doubleText } from './double-text.ts'
import type { LineField } from './line-fields.ts'
import type { LineWriter } from './line-writer.ts'

const NANOSECONDS = 1_000_000_000n
const NOTHING = Buffer.alloc(0)
const TEXTS: { readonly [name: string]: number } = {
  Type: TYPE,
  Logger: LOGGER,
  Payload: PAYLOAD,
  EnvVersion: ENV_VERSION,
  Hostname: HOSTNAME,
}

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
  const number = TEXTS[name] as number
  return (view, writer) => {
    const from = view.spans[2 * number] as number
    if (from < 0) writer.text(NOTHING)
    else writer.text(view.bytes, from, view.spans[2 * number + 1])
  }
}

/** Returns nanoseconds since 1970 as `YYYY-MM-DDTHH:MM:SS` in UTC; the fraction is cut off, towards the past. */
function timeText(nanoseconds: bigint): string {
  const seconds = nanoseconds / NANOSECONDS - (nanoseconds % NANOSECONDS < 0n ? 1n : 0n)
  return new Date(Number(seconds) * 1000).toISOString().slice(0, 19)
}

function dynamicWriter(keys: readonly string[], allowed: ReadonlySet<string>): KeyWriter {
  const taken = new Set(keys.filter((key) => key !== 'DynamicFields'))
  return (view, writer, isFirst) => {
    const byName = fieldsByName(view, allowed)
    let separator = isFirst ? '' : ','
    for (const [name, values] of byName) {
      writer.ascii(separator)
      writer.text(Buffer.from(taken.has(name) ? `Fields[${name}]` : name))
      writer.ascii(':')
      writeValues(values, writer)
      separator = ','
    }
    return byName.size > 0
  }
}

/** Returns the fields to write by name, in their order; those of one name together. */
function fieldsByName(view: MessageView, allowed: ReadonlySet<string>): Map<string, HekaField[]> {
  const byName = new Map<string, HekaField[]>()
  for (let index = 0; index < view.fieldCount; index++) {
    const field = fieldAt(view, index)
    const name = field.name?.toString() ?? ''
    if (allowed.size > 0 && (field.name === undefined || !allowed.has(name))) continue
    const same = byName.get(name)
    if (same) same.push(field)
    else byName.set(name, [field])
  }
  return byName
}

function writeValues(fields: readonly HekaField[], writer: LineWriter): void {
  const written = fields.flatMap((field) => {
    const values = valuesOf(field)
    return values.map((value) => () => writeValue(value, values.length === 1, writer))
  })
  const [first, ...others] = written
  if (!first) {
    writer.ascii('null')
    return
  }
  if (others.length > 0) writer.ascii('[')
  first()
  for (const write of others) {
    writer.ascii(',')
    write()
  }
  if (others.length > 0) writer.ascii(']')
}

type Value = { readonly text: Buffer } | Buffer | bigint | number | boolean

/** Returns the values in the list of a field's type; none where the type is unknown. */
function valuesOf(field: HekaField): readonly Value[] {
  const type = field.valueType ?? STRING
  if (type === STRING) return field.strings.map((text) => ({ text }))
  if (type === BYTES) return field.bytes
  if (type === INTEGER) return field.integers
  if (type === DOUBLE) return field.doubles
  return type === BOOL ? field.bools : []
}

/** Writes a value. Bytes are base64, but text where they are alone and UTF-8. */
function writeValue(value: Value, isAlone: boolean, writer: LineWriter): void {
  if (typeof value === 'number') writer.ascii(doubleText(value))
  else if (typeof value !== 'object') writer.ascii(String(value))
  else if ('text' in value) writer.text(value.text)
  else if (isAlone && isUtf8(value)) writer.text(value)
  else writer.ascii(`"${value.toString('base64')}"`)
}
