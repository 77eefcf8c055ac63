import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { load } from 'js-yaml'
import { code, paragraphs, table } from './markdown.ts'

const ROLES = resolve(import.meta.dirname, '../../ansible/roles')

/** A variable of a role, as meta/argument_specs.yml describes it. */
export type RoleOption = {
  readonly type: string
  readonly elements?: string
  readonly required?: boolean
  readonly default?: unknown
  readonly choices?: readonly unknown[]
  readonly description: string
  readonly options?: RoleOptions
}

export type RoleOptions = { readonly [name: string]: RoleOption }

type RoleSpec = { readonly description: readonly string[]; readonly options: RoleOptions }

/** Names of the roles in ansible/roles, without the links that have the names of StackTach.v3. */
export const ROLE_NAMES = readdirSync(ROLES, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .sort()

/** Returns what a role says about its variables. */
export function roleSpec(role: string): RoleSpec {
  const text = readFileSync(join(ROLES, role, 'meta/argument_specs.yml'), 'utf8')
  return (load(text) as { argument_specs: { main: RoleSpec } }).argument_specs.main
}

/** Returns the defaults of a role. */
export function roleDefaults(role: string): { readonly [name: string]: unknown } {
  return load(readFileSync(join(ROLES, role, 'defaults/main.yml'), 'utf8')) as { [name: string]: unknown }
}

/** Writes what the README of a role says: what it does, and a table of its variables. */
export function roleVariables(role: string): string {
  const { description, options } = roleSpec(role)
  const entries = Object.entries(options)
  const isUsed = ([, { description: text }]: [string, RoleOption]) => !text.startsWith('No effect')
  const unused = entries.filter((entry) => !isUsed(entry))
  const nested = entries.filter(([, { options: members }]) => members)
  return paragraphs(
    description.join(' '),
    tableOf('variable', entries.filter(isUsed)),
    ...nested.map(([name, { options: members = {} }]) =>
      paragraphs(
        `An entry of ${code(name)}:`,
        tableOf('key', Object.entries(members).filter(isUsed)),
        withoutEffect(Object.entries(members).filter((entry) => !isUsed(entry))),
      ),
    ),
    withoutEffect(unused),
  )
}

function tableOf(head: string, entries: readonly [string, RoleOption][]): string {
  const rows = entries.map(([name, option]) => [
    code(name),
    typeOf(option),
    option.required ? 'required' : fallbackOf(option.default),
    option.description,
  ])
  return table([head, 'type', 'default', 'meaning'], rows)
}

function withoutEffect(entries: readonly [string, RoleOption][]): string {
  if (entries.length === 0) return ''
  const told = entries.map(
    ([name, { description }]) => `${code(name)} (${description.replace('No effect: ', '')})`,
  )
  return `Accepted and without effect: ${told.join(', ')}.`
}

const TYPES: { readonly [type: string]: string } = {
  str: 'text',
  int: 'whole number',
  float: 'number',
  bool: 'true or false',
  dict: 'mapping',
  path: 'path',
}

function typeOf({ type, elements = 'str', choices }: RoleOption): string {
  if (choices) return choices.map(code).join(', ')
  if (type === 'list') return `list of ${TYPES[elements]}s`
  return TYPES[type] ?? type
}

/** An empty text, list or mapping is no default to read. */
function fallbackOf(value: unknown): string {
  const isEmpty =
    value === '' || (typeof value === 'object' && value !== null && Object.keys(value).length === 0)
  return isEmpty ? '–' : code(value)
}
