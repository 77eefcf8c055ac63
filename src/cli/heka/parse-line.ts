import { InvalidError, messageOf } from '../../domain/errors.ts'
import type { HekaMessage } from '../../heka/wire/message.ts'
import { parseMessageForm } from '../../heka/wire/parse-message-form.ts'
import type { NumberedLine } from '../read-lines.ts'

/** Reads a line of JSON. Throws InvalidError with the number of the line. */
export function parseJsonLine({ number, text }: NumberedLine): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new InvalidError(`line ${number} is not JSON: ${messageOf(error)}`)
  }
}

/** Reads a message of a line: its JSON form, or `{"message": …}` as heka-decode prints it. Throws InvalidError. */
export function messageOfLine(value: unknown, { number }: NumberedLine): HekaMessage {
  const isWrapped = typeof value === 'object' && value !== null && 'message' in value
  try {
    return parseMessageForm(isWrapped ? value.message : value)
  } catch (error) {
    if (error instanceof InvalidError) throw new InvalidError(`line ${number}: ${error.message}`)
    throw error
  }
}
