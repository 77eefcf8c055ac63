import { ConfigError, type Finding, messageOf } from '../../domain/errors.ts'
import { faultInJson } from '../../text/json-bytes.ts'
import { positionsIn } from './position.ts'
import { type ConfigDocument, parseYamlDocument } from './yaml-document.ts'

const BYTE_ORDER_MARK = '\ufeff'

/** Parses a JSON file. Throws ConfigError with the position of a syntax error. A byte order mark is passed over. */
export function parseJsonDocument(text: string, file: string): ConfigDocument {
  const json = text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text
  const value = parsed(json, file)
  // JSON is YAML but for tabs, which stand between its tokens only. Offsets stay the same.
  const { positionOf, keyPositionOf, repeatedKeys } = parseYamlDocument(json.replaceAll('\t', ' '), file)
  return { value, positionOf, keyPositionOf, repeatedKeys }
}

function parsed(text: string, file: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const bytes = Buffer.from(text)
    const fault = faultInJson(bytes)
    const offset = bytes.subarray(0, fault < 0 ? bytes.length : fault).toString().length
    const position = positionsIn(text, file)(offset)
    const reason = messageOf(error).replace(/(?: in JSON)? at position \d+(?: \(line \d+ column \d+\))?/, '')
    const finding: Finding = {
      severity: 'error',
      code: 'json',
      path: '',
      message: `not JSON: ${reason}`,
      position,
    }
    throw new ConfigError(`${file} is not JSON`, [finding])
  }
}
