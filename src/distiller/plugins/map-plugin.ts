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

/**
 * Maps a field's value through a table. The first field with an entry in the table, or with a default,
 * decides.
 */
export class MapPlugin implements TraitPlugin {
  static readonly parameters = ['values', 'default', 'case_sensitive'] as const

  readonly #values: ReadonlyMap<string, JsonValue>
  readonly #default: JsonValue | undefined
  readonly #fold: (text: string) => string

  constructor(parameters: PluginParameters) {
    const { values, case_sensitive: caseSensitive = true } = parameters
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
