import { z } from 'zod'
import { InvalidError } from '../../domain/errors.ts'
import { describeIssues } from '../../runtime/describe-issue.ts'
import { type HekaField, type HekaMessage, VALUE_TYPES } from './message.ts'

const MOST = 2n ** 63n

const hex = z
  .string()
  .regex(/^(?:[0-9a-fA-F]{2})*$/, 'expected bytes in hexadecimal')
  .transform((text) => Buffer.from(text, 'hex'))
const text = z.union([
  z.string().transform((value) => Buffer.from(value)),
  z.strictObject({ hex }).transform((value) => value.hex),
])
const int32 = z.int32()
const int64 = z
  .string()
  .regex(/^-?\d{1,19}$/, 'expected a whole number as text')
  .transform(BigInt)
  .refine((value) => value >= -MOST && value < MOST, 'expected a number of 64 bits')
const double = z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity', '-0']).transform(Number)])

const field = z.strictObject({
  name: text.optional(),
  valueType: z.union([z.enum(VALUE_TYPES).transform((name) => VALUE_TYPES.indexOf(name)), int32]).optional(),
  representation: text.optional(),
  valueString: z.array(text).optional(),
  valueBytes: z.array(hex).optional(),
  valueInteger: z.array(int64).optional(),
  valueDouble: z.array(double).optional(),
  valueBool: z.array(z.boolean()).optional(),
  unrecognized: hex.optional(),
})

const message = z.strictObject({
  uuid: hex.optional(),
  timestamp: int64.optional(),
  type: text.optional(),
  logger: text.optional(),
  severity: int32.optional(),
  payload: text.optional(),
  envVersion: text.optional(),
  pid: int32.optional(),
  hostname: text.optional(),
  fields: z.array(field).optional(),
  unrecognized: hex.optional(),
})

/**
 * Reads a message from its JSON form, as messageForm() writes it. Throws InvalidError, which names the member at fault
 * and what was expected there.
 */
export function parseMessageForm(value: unknown): HekaMessage {
  const { success, data, error } = message.safeParse(value)
  if (!success)
    throw new InvalidError(`no message of Heka: ${describeIssues(error.issues, value, 'the message')}`)
  const { fields = [], ...scalars } = data
  return { ...scalars, fields: fields.map(fieldOf) }
}

function fieldOf({
  valueString: strings = [],
  valueBytes: bytes = [],
  valueInteger: integers = [],
  valueDouble: doubles = [],
  valueBool: bools = [],
  ...scalars
}: z.output<typeof field>): HekaField {
  return { ...scalars, strings, bytes, integers, doubles, bools }
}
