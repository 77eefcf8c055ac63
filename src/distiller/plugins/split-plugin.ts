import { InvalidError } from '../../domain/errors.ts'
import type { JsonValue } from '../../domain/notification.ts'
import { textOf } from '../convert.ts'
import { splitText } from '../path/evaluate.ts'
import type { FieldMatch, PluginParameters, TraitPlugin } from '../trait-plugin.ts'
import { integerParameter, requireKnown } from './parameters.ts'

/** One segment of the first field's text, cut at a separator. */
export class SplitPlugin implements TraitPlugin {
  readonly #separator: string
  readonly #segment: number
  readonly #maxSplit: number

  constructor(parameters: PluginParameters) {
    requireKnown(parameters, ['separator', 'segment', 'max_split'])
    const { separator = '.' } = parameters
    if (typeof separator !== 'string') throw new InvalidError('separator: expected a text')
    this.#separator = separator
    this.#segment = integerParameter(parameters, 'segment', 0)
    this.#maxSplit = integerParameter(parameters, 'max_split', -1)
  }

  traitValue([first]: readonly FieldMatch[]): JsonValue | undefined {
    if (!first) return undefined
    if (this.#separator === '') throw new InvalidError('cannot be split by an empty separator')
    return splitText(textOf(first[1]), this.#separator, this.#maxSplit).at(this.#segment)
  }
}
