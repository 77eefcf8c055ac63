import { isUtf8 } from 'node:buffer'
import { readFile } from 'node:fs/promises'
import { ConfigError, type Finding, messageOf, type Position } from '../../domain/errors.ts'

/**
 * Reads the text of a configuration file. Rejects with ConfigError, for text that is not UTF-8 with a finding at
 * the first byte that is not: another password would be used if such bytes were replaced.
 */
export async function readConfigText(file: string): Promise<string> {
  const bytes = await readFile(file).catch((error) => {
    throw new ConfigError(`cannot read the configuration ${file}: ${messageOf(error)}`)
  })
  if (looksLikeUtf16(bytes)) throw notUtf8('the file is UTF-16; expected UTF-8', { file, line: 1, column: 1 })
  if (isUtf8(bytes)) return bytes.toString('utf8')
  const valid = validBegin(bytes)
  const lines = valid.toString('utf8').split('\n')
  const byte = bytes[valid.length]?.toString(16).padStart(2, '0')
  const position = { file, line: lines.length, column: (lines.at(-1) as string).length + 1 }
  throw notUtf8(`the byte 0x${byte} is not UTF-8; save the file in UTF-8`, position)
}

function notUtf8(message: string, position: Position): ConfigError {
  const finding: Finding = { severity: 'error', code: 'encoding', path: '', message, position }
  return new ConfigError(`${position.file} is not UTF-8`, [finding])
}

/** Returns whether bytes have the mark of UTF-16, or begin with an ASCII character of two bytes. */
function looksLikeUtf16(bytes: Buffer): boolean {
  const [first, second] = bytes
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) return true
  return bytes.length > 1 && (first === 0) !== (second === 0)
}

/** Returns the longest begin of bytes that is UTF-8. Takes a time proportional to the length. */
function validBegin(bytes: Buffer): Buffer {
  // Each byte that cannot be decoded becomes U+FFFD: up to there both are the same.
  const decoded = Buffer.from(bytes.toString('utf8'))
  let end = 0
  while (end < bytes.length && bytes[end] === decoded[end]) end++
  while (!isUtf8(bytes.subarray(0, end))) end--
  return bytes.subarray(0, end)
}
