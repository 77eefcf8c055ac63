import { InvalidError } from '../../domain/errors.ts'
import { utf8Text } from '../../text/utf8-text.ts'
import { fieldAt } from '../wire/decode-message.ts'
import { findField } from '../wire/find-field.ts'
import { BOOL, BYTES, DOUBLE, type HekaField, INTEGER, STRING } from '../wire/message.ts'
import { type MessageView, TEXTS, UUID } from '../wire/message-view.ts'
import { uuidText } from '../wire/uuid-text.ts'

type Scalar = string | number | bigint | boolean | null
/** A value of a notification. */
export type Value = Scalar | readonly Scalar[]
/** Returns the value of a template for a message; null where what it names is not there. */
export type Template = (view: MessageView) => Value

const REFERENCE = /\{(\w+)(?:\[([^\]{}]+)\])?\}/g
const EXPECTED =
  'expected {Uuid}, {Type}, {Logger}, {Payload}, {EnvVersion}, {Hostname}, {Severity}, {Pid} or {Fields[NAME]}'

/**
 * Compiles a text with references to a message. A text that is one reference alone keeps the type of its value, and a
 * list where a field has several. Throws InvalidError for an unknown reference.
 *
 * @example
 * compileTemplate('log.{Type}')(view) // 'log.nginx.access'
 * compileTemplate('{Fields[status]}')(view) // 200n
 */
export function compileTemplate(text: string): Template {
  const references = new Map<string, Template>()
  for (const [whole, name = '', field] of text.matchAll(REFERENCE))
    references.set(whole, compileReference(whole, name, field))
  if (references.size === 0) return () => text
  const fill = (whole: string, view: MessageView) => asText(references.get(whole)?.(view) ?? null)
  // In one pass: what a value holds is no reference.
  return references.get(text) ?? ((view) => text.replace(REFERENCE, (whole) => fill(whole, view)))
}

function asText(value: Value): string {
  return Array.isArray(value) ? value.map(asText).join(',') : String(value ?? '')
}

function compileReference(whole: string, name: string, field: string | undefined): Template {
  if (name === 'Fields' && field !== undefined) {
    const bytes = Buffer.from(field)
    return (view) => {
      const index = findField(view, bytes, 0)
      return index < 0 ? null : valueOfField(fieldAt(view, index))
    }
  }
  const text = TEXTS.get(name)
  if (field !== undefined) throw new InvalidError(`${whole} is not known; ${EXPECTED}`)
  if (text !== undefined) return (view) => (view.has(text) ? utf8Text(view.text(text) as Buffer) : null)
  if (name === 'Uuid') return (view) => uuidText(view.text(UUID)) || null
  if (name === 'Severity') return (view) => view.severity
  if (name === 'Pid') return (view) => view.pid
  throw new InvalidError(`${whole} is not known; ${EXPECTED}`)
}

function valueOfField(field: HekaField): Value {
  const values = valuesOf(field)
  return values.length === 1 ? (values[0] ?? null) : values.length === 0 ? null : values
}

function valuesOf(field: HekaField): readonly Scalar[] {
  const type = field.valueType ?? STRING
  if (type === STRING) return field.strings.map(utf8Text)
  if (type === BYTES) return field.bytes.map((bytes) => bytes.toString('base64'))
  if (type === INTEGER) return field.integers
  if (type === DOUBLE) return field.doubles.map((value) => (Number.isFinite(value) ? value : null))
  return type === BOOL ? field.bools : []
}
