import { InvalidError } from '../../domain/errors.ts'
import type { JsonValue } from '../../domain/notification.ts'
import { textOf } from '../convert.ts'
import { splitText } from '../path/evaluate.ts'
import type { FieldMatch, PluginParameters, TraitPlugin } from '../trait-plugin.ts'
import { integerParameter } from './parameters.ts'

const SCHEMA = {
  properties: {
    separator: { type: 'string', default: '.', description: 'where the text is cut; null: at white space' },
    segment: {
      type: 'integer',
      default: 0,
      description: 'which segment, from 0; from the end where it is negative',
    },
    max_split: { type: 'integer', default: -1, description: 'most cuts; -1: no limit' },
  },
} as const

const { separator: SEPARATOR, segment: SEGMENT, max_split: MAX_SPLIT } = SCHEMA.properties

/** Cuts the first field's text at a separator and takes one segment of it. */
export class SplitPlugin implements TraitPlugin {
  static readonly description = 'Cuts the text of the first field at a separator and takes one segment.'
  static readonly schema = SCHEMA

  /** null: splits at white space */
  readonly #separator: string | null
  readonly #segment: number
  readonly #maxSplit: number

  constructor(parameters: PluginParameters) {
    const { separator = SEPARATOR.default } = parameters
    if (typeof separator !== 'string' && separator !== null)
      throw new InvalidError('separator: expected a text')
    this.#separator = separator
    this.#segment = integerParameter(parameters, 'segment', SEGMENT.default)
    this.#maxSplit = integerParameter(parameters, 'max_split', MAX_SPLIT.default)
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
