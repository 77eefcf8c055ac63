import { InvalidError } from '../../domain/errors.ts'
import type { JsonValue } from '../../domain/notification.ts'
import { textOf } from '../convert.ts'
import type { FieldMatch, PluginParameters, TraitPlugin } from '../trait-plugin.ts'

/** A key as YAML gives it, and as the text of a boolean reads where it was one. */
function namesOf(key: string): readonly string[] {
  if (key === 'true') return [key, 'True']
  return key === 'false' ? [key, 'False'] : [key]
}

/** What a table says of a field's value, of the first field it says something of; else the default. */
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
