import { InvalidError } from '../../domain/errors.ts'
import type { JsonValue } from '../../domain/notification.ts'
import type { FieldMatch, PluginParameters, TraitPlugin } from '../trait-plugin.ts'
import { integerParameter } from './parameters.ts'

type Flag = {
  readonly path: string
  readonly mask: bigint
  readonly value: unknown
  readonly hasValue: boolean
}

/** A text trait holds all these bits, an int trait the first 63. */
const MOST_BITS = 1023

const SCHEMA = {
  properties: {
    initial_bitfield: { type: 'integer', default: 0, description: 'number that the bits are added to' },
    flags: {
      type: 'array',
      items: { type: 'object' },
      description: '`path` of a field, `bit` from 0 to 1023, and the `value` that it must have, if any',
    },
  },
} as const

/**
 * Makes a number with a bit set for each flag whose field is present and, if the flag has a value, equals it.
 */
export class BitfieldPlugin implements TraitPlugin {
  static readonly description =
    'Makes a number with a bit set for each flag whose field is there, or has the value of the flag.'
  static readonly schema = SCHEMA

  readonly #initial: bigint
  readonly #flags: readonly Flag[]

  constructor(parameters: PluginParameters) {
    this.#initial = BigInt(
      integerParameter(parameters, 'initial_bitfield', SCHEMA.properties.initial_bitfield.default),
    )
    const { flags } = parameters
    if (flags !== undefined && flags !== null && !Array.isArray(flags))
      throw new InvalidError('flags: expected a list')
    this.#flags = (flags ?? []).map(parseFlag)
  }

  traitValue(matches: readonly FieldMatch[]): JsonValue {
    const found = new Map(matches)
    let bits = this.#initial
    for (const { path, mask, value, hasValue } of this.#flags) {
      const match = found.get(path)
      if (match !== undefined && (!hasValue || equals(match, value))) bits |= mask
    }
    return bits
  }
}

function parseFlag(flag: unknown): Flag {
  const { path, bit, value } = (flag ?? {}) as { path?: unknown; bit?: unknown; value?: unknown }
  if (typeof path !== 'string') throw new InvalidError('flags: each needs the path of a field')
  const number = Math.trunc(Number(bit))
  if (!(number >= 0 && number <= MOST_BITS)) {
    throw new InvalidError(`flags: bit of ${path}: expected a number from 0 to ${MOST_BITS}`)
  }
  return { path, mask: 1n << BigInt(number), value, hasValue: value !== undefined }
}

/** Compares like Python: True equals 1, numbers are equal by value, anything else by type and content. */
function equals(a: unknown, b: unknown): boolean {
  const numeric = (value: unknown) => (typeof value === 'boolean' ? Number(value) : value)
  const [x, y] = [numeric(a), numeric(b)]
  if (typeof x === 'bigint' || typeof y === 'bigint') {
    // biome-ignore lint/suspicious/noDoubleEquals: a bigint equals a number of the same value
    return (typeof x === 'number' || typeof x === 'bigint') && x == y
  }
  if (typeof x === 'object' || typeof y === 'object') return JSON.stringify(x) === JSON.stringify(y)
  return x === y
}
