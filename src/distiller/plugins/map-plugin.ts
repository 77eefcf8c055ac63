import { InvalidError } from '../../domain/errors.ts'
import type { JsonValue } from '../../domain/notification.ts'
import { textOf } from '../convert.ts'
import type { FieldMatch, PluginParameters, TraitPlugin } from '../trait-plugin.ts'
import { requireKnown } from './parameters.ts'

/** What a table says of the first field's value; the default where it says nothing. */
export class MapPlugin implements TraitPlugin {
  readonly #values: ReadonlyMap<string, JsonValue>
  readonly #default: JsonValue | undefined
  readonly #fold: (text: string) => string

  constructor(parameters: PluginParameters) {
    requireKnown(parameters, ['values', 'default', 'case_sensitive'])
    const { values, case_sensitive: caseSensitive = true } = parameters
    if (typeof values !== 'object' || values === null || Array.isArray(values)) {
      throw new InvalidError('values: expected a table of values')
    }
    if (typeof caseSensitive !== 'boolean') throw new InvalidError('case_sensitive: expected true or false')
    this.#fold = caseSensitive ? (text) => text : (text) => text.toLowerCase()
    this.#values = new Map(
      Object.entries(values as { [key: string]: JsonValue }).map(([key, value]) => [this.#fold(key), value]),
    )
    this.#default = parameters.default as JsonValue | undefined
  }

  traitValue([first]: readonly FieldMatch[]): JsonValue | undefined {
    if (!first) return undefined
    return this.#values.get(this.#fold(textOf(first[1]))) ?? this.#default
  }
}
