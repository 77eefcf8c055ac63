import { InvalidError } from '../../domain/errors.ts'
import type { JsonValue } from '../../domain/notification.ts'
import { textOf } from '../convert.ts'
import { splitText } from '../path/evaluate.ts'
import type { FieldMatch, PluginParameters, TraitPlugin } from '../trait-plugin.ts'
import { integerParameter } from './parameters.ts'

/** Cuts the first field's text at a separator and takes one segment of it. */
export class SplitPlugin implements TraitPlugin {
  static readonly parameters = ['separator', 'segment', 'max_split'] as const

  /** null: splits at white space */
  readonly #separator: string | null
  readonly #segment: number
  readonly #maxSplit: number

  constructor(parameters: PluginParameters) {
    const { separator = '.' } = parameters
    if (typeof separator !== 'string' && separator !== null)
      throw new InvalidError('separator: expected a text')
    this.#separator = separator
    this.#segment = integerParameter(parameters, 'segment', 0)
    this.#maxSplit = integerParameter(parameters, 'max_split', -1)
  }

  traitValue([first]: readonly FieldMatch[]): JsonValue | undefined {
    if (!first) return undefined
    if (this.#separator === '') throw new InvalidError('cannot be split by an empty separator')
    const text = textOf(first[1])
    const parts =
      this.#separator === null
        ? splitAtBlanks(text, this.#maxSplit)
        : splitText(text, this.#separator, this.#maxSplit)
    return parts.at(this.#segment)
  }
}

/** Splits at white space like Python's str.split without a separator. */
function splitAtBlanks(text: string, maxSplit: number): string[] {
  const parts: string[] = []
  let rest = text.trimStart()
  while (rest !== '' && (maxSplit < 0 || parts.length < maxSplit)) {
    const [part = ''] = /^\S+/.exec(rest) ?? []
    parts.push(part)
    rest = rest.slice(part.length).trimStart()
  }
  return rest === '' ? parts : [...parts, rest]
}
