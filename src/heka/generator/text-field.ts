import { type HekaField, STRING } from '../wire/message.ts'

/** The lists of a field that has no values. */
export const NO_VALUES = { strings: [], bytes: [], integers: [], doubles: [], bools: [] }

/** Returns a field with one text. */
export function textField(name: string, value: string): HekaField {
  return { ...NO_VALUES, name: Buffer.from(name), valueType: STRING, strings: [Buffer.from(value)] }
}
