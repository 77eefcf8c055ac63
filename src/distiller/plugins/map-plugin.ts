import { InvalidError } from '../../domain/errors.ts'
import type { JsonValue } from '../../domain/notification.ts'
import { textOf } from '../convert.ts'
import type { FieldMatch, PluginParameters, TraitPlugin } from '../trait-plugin.ts'

/**
 * Returns a key of the YAML table and, for a boolean key, also its Python text, which a field's value may
 * have.
 */
function namesOf(key: string): readonly string[] {
  if (key === 'true') return [key, 'True']
  return key === 'false' ? [key, 'False'] : [key]
}

const SCHEMA = {
  properties: {
    values: { type: 'object', description: 'the table, value of the field: value of the trait (required)' },
    default: { description: 'value of the trait where the table has none; no trait unless given' },
    case_sensitive: { type: 'boolean', default: true, description: 'texts are compared as they are' },
  },
} as const

const { case_sensitive: CASE_SENSITIVE } = SCHEMA.properties

/**
 * Maps a field's value through a table. The first field with an entry in the table, or with a default,
 * decides.
 */
export class MapPlugin implements TraitPlugin {
  static readonly description =
    'Looks the value of the first field up in a table; of several fields the first that is in it.'
  static readonly schema = SCHEMA

  readonly #values: ReadonlyMap<string, JsonValue>
  readonly #default: JsonValue | undefined
  readonly #fold: (text: string) => string

  constructor(parameters: PluginParameters) {
    const { values, case_sensitive: caseSensitive = CASE_SENSITIVE.default } = parameters
    if (typeof values !== 'object' || values === null || Array.isArray(values)) {
      throw new InvalidError('values: expected a table of values')
    }
    if (typeof caseSensitive !== 'boolean') throw new InvalidError('case_sensitive: expected true or false')
    this.#fold = caseSensitive ? (text) => text : (text) => text.toLowerCase()
    this.#values = new Map(
      Object.entries(values as { [key: string]: JsonValue }).flatMap(([key, value]) =>
        namesOf(key).map((name) => [this.#fold(name), value]),
      ),
    )
    this.#default = parameters.default as JsonValue | undefined
  }

  traitValue(matches: readonly FieldMatch[]): JsonValue | undefined {
    for (const [, value] of matches) {
      const mapped = this.#values.get(this.#fold(textOf(value))) ?? this.#default
      if (mapped !== undefined && mapped !== null) return mapped
    }
    return undefined
  }
}
