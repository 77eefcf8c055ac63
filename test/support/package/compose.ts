import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseYamlDocument } from '../../../src/config/documents/yaml-document.ts'

export const COMPOSE = resolve(import.meta.dirname, '../../../sandbox/package/files/compose')

/** A service of the compose file, as far as it is read here. */
export type ComposeService = {
  readonly image: string
  readonly command?: readonly string[]
  readonly profiles?: readonly string[]
  readonly restart: string
  readonly read_only?: boolean
  readonly environment: { readonly [name: string]: string }
  readonly volumes: readonly string[]
  readonly ports?: readonly string[]
  readonly healthcheck: { readonly test?: readonly string[]; readonly disable?: boolean }
  readonly depends_on?: { readonly [service: string]: { readonly condition: string } }
}

export type Compose = {
  readonly services: { readonly [name: string]: ComposeService }
  readonly volumes: { readonly [name: string]: unknown }
}

/** Returns the compose file as it stands, and with its variables replaced by those of an environment. */
export function readCompose(environment: { readonly [name: string]: string }): {
  readonly text: string
  readonly compose: Compose
} {
  const text = readFileSync(resolve(COMPOSE, 'compose.yaml'), 'utf8')
  return { text, compose: replaced(parseYamlDocument(text, 'compose.yaml').value, environment) as Compose }
}

/** Returns the variables of the compose file that compose.env sets or names in a comment; COMPOSE_… are for compose itself. */
export function exampleVariables(): readonly string[] {
  const text = readFileSync(resolve(COMPOSE, 'compose.env'), 'utf8')
  return [...text.matchAll(/^#?([A-Z_]+)=/gm)]
    .map(([, name]) => name as string)
    .filter((name) => !name.startsWith('COMPOSE_'))
}

type Environment = { readonly [name: string]: string }

function replaced(value: unknown, environment: Environment): unknown {
  if (typeof value === 'string') return interpolated(value, environment)
  if (Array.isArray(value)) return value.map((one) => replaced(one, environment))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, replaced(one, environment)]))
}

/** `${NAME:-text}`, `${NAME:?message}` and `$$`, which is a dollar sign. */
function interpolated(text: string, environment: Environment): string {
  return text.replaceAll(/\$(?:(\$)|\{(\w+):([-?])([^}]*)\})/g, (_, dollar, name, kind, rest) => {
    if (dollar) return '$'
    const value = environment[name]
    if (value) return value
    if (kind === '?') throw new Error(`${name}: ${rest}`)
    return rest
  })
}
