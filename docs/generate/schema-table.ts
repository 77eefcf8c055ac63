import type { SectionSchema } from '../../src/text/section-schema.ts'
import { code, table } from './markdown.ts'

/** JSON Schema, as far as the tables read it. */
export type Schema = {
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly default?: unknown
  readonly deprecated?: boolean
  readonly properties?: { readonly [name: string]: Schema }
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly additionalProperties?: Schema | boolean
  readonly anyOf?: readonly Schema[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly $ref?: string
}

type TableOptions = {
  /** Head of the first column. */
  readonly head: string
  /** Keys whose members have rows of their own: `api.listen`. */
  readonly nested?: boolean
}

/** Writes a table of the properties of an object: name, type, default and meaning, those without effect last. */
export function propertiesTable(schema: Schema, { head, nested = false }: TableOptions): string {
  const rows = rowsOf(schema, '', nested)
  const [used, unused] = [rows.filter((row) => !row.deprecated), rows.filter((row) => row.deprecated)]
  const lines = used.map(({ name, type, fallback, meaning }) => [code(name), type, fallback, meaning])
  const whole = lines.length === 0 ? '' : table([head, 'type', 'default', 'meaning'], lines)
  if (unused.length === 0) return whole
  const names = unused.map(({ name, meaning }) => `${code(name)} (${meaning})`)
  return [whole, `Accepted and without effect: ${names.join(', ')}.`]
    .filter((part) => part !== '')
    .join('\n\n')
}

/** Writes a table of the keys of a section of an INI file. */
export function sectionTable(section: SectionSchema): string {
  const properties = Object.entries(section).map(([key, { section: _, required: __, ...one }]) => {
    const isNumber = one.type === 'number' || one.type === 'integer'
    return [key, isNumber ? { minimum: 0, ...one } : one] as const
  })
  const required = Object.keys(section).filter((key) => section[key]?.required)
  return propertiesTable({ properties: Object.fromEntries(properties), required }, { head: 'key' })
}

type Row = {
  readonly name: string
  readonly type: string
  readonly fallback: string
  readonly meaning: string
  readonly deprecated: boolean
}

function rowsOf({ properties = {}, required = [] }: Schema, prefix: string, nested: boolean): Row[] {
  return Object.entries(properties).flatMap(([key, property]) => {
    const name = `${prefix}${key}`
    const members = nested && property.properties ? rowsOf(property, `${name}.`, nested) : []
    if (members.length > 0) return members
    return [
      {
        name,
        type: typeOf(property),
        fallback: fallbackOf(property, required.includes(key)),
        meaning: property.description ?? '',
        deprecated: property.deprecated === true,
      },
    ]
  })
}

/** An empty list or mapping is no default to read. */
function fallbackOf({ default: fallback }: Schema, isRequired: boolean): string {
  const isEmpty = typeof fallback === 'object' && fallback !== null && Object.keys(fallback).length === 0
  if (fallback !== undefined && !isEmpty) return code(fallback)
  return isRequired && fallback === undefined ? 'required' : '–'
}

/** Writes a table of the members of an answer: name, type and meaning. */
export function membersTable({ properties = {}, required = [] }: Schema): string {
  const rows = Object.entries(properties).map(([name, member]) => {
    const type = `${typeOf(member)}${allowsNull(member) ? ' or null' : ''}`
    const isOptional = required.includes(name) ? '' : ', may be absent'
    return [code(name), `${type}${isOptional}`, member.description ?? '']
  })
  return table(['member', 'type', 'meaning'], rows)
}

function allowsNull({ type, anyOf = [] }: Schema): boolean {
  return [type ?? []].flat().includes('null') || anyOf.some(allowsNull)
}

/** Describes the type of a value in words; null is left out. */
export function typeOf(schema: Schema): string {
  if (schema.$ref) return schema.$ref.split('/').at(-1) as string
  if (schema.enum) return schema.enum.map(code).join(', ')
  if (schema.const !== undefined) return code(schema.const)
  if (schema.anyOf) return unique(schema.anyOf.filter(({ type }) => type !== 'null').map(typeOf)).join(' or ')
  const types = [schema.type ?? []].flat().filter((type) => type !== 'null')
  if (types.length === 0) return 'any'
  return unique(types.map((type) => plainType(type, schema))).join(' or ')
}

const TYPES: { readonly [type: string]: string } = { string: 'text', boolean: 'true or false' }

function plainType(type: string, schema: Schema): string {
  if (type === 'array') return `list of ${pluralOf(schema.items ? typeOf(schema.items) : 'text')}`
  if (type === 'object') return 'mapping'
  if (type !== 'integer' && type !== 'number') return TYPES[type] ?? type
  return `${type === 'integer' ? 'whole number' : 'number'}${rangeOf(schema)}`
}

const PLURALS: { readonly [type: string]: string } = { text: 'texts', mapping: 'mappings' }

function pluralOf(type: string): string {
  return type
    .split(' or ')
    .map((one) => PLURALS[one] ?? one)
    .join(' or ')
}

function rangeOf({ minimum, maximum, exclusiveMinimum }: Schema): string {
  const low = minimum !== undefined && minimum !== Number.MIN_SAFE_INTEGER ? minimum : undefined
  const high = maximum !== undefined && maximum !== Number.MAX_SAFE_INTEGER ? maximum : undefined
  const above = exclusiveMinimum === undefined ? '' : ` above ${exclusiveMinimum}`
  if (low !== undefined && high !== undefined) return ` from ${low} to ${high}`
  if (low !== undefined) return ` of at least ${low}`
  return high === undefined ? above : `${above} up to ${high}`
}

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)]
}
