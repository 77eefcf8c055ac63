import { InvalidError } from '../../domain/errors.ts'
import { didYouMean } from '../../text/suggest.ts'

/** Keys that a line may have, in Heka's own order; `DynamicFields` stands for the fields of a message. */
const LINE_FIELDS = [
  'Uuid',
  'Timestamp',
  'Type',
  'Logger',
  'Severity',
  'Payload',
  'EnvVersion',
  'Pid',
  'Hostname',
  'DynamicFields',
] as const

export type LineField = (typeof LINE_FIELDS)[number]

/** Keys of a line where none are named. */
export const DEFAULT_LINE_FIELDS: readonly LineField[] = LINE_FIELDS.filter((name) => name !== 'EnvVersion')

/** Reads names of keys in any letter case, each once; none at all stand for the default. Throws InvalidError. */
export function parseLineFields(names: readonly string[]): readonly LineField[] {
  if (names.length === 0) return DEFAULT_LINE_FIELDS
  return [...new Set(names.map(parseLineField))]
}

function parseLineField(name: string): LineField {
  const known = LINE_FIELDS.find((one) => one.toLowerCase() === name.toLowerCase())
  if (known !== undefined) return known
  const hint = didYouMean(name, LINE_FIELDS)
  throw new InvalidError(
    `${JSON.stringify(name)} is no key of a line; expected ${LINE_FIELDS.join(', ')}${hint}`,
  )
}
