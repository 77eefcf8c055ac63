import { load, parseEvents, YAMLException } from 'js-yaml'
import { ConfigError, type Finding, type Position } from '../../domain/errors.ts'
import { positionsIn } from './position.ts'
import { findAliasFault } from './yaml-aliases.ts'
import { collectOffsets } from './yaml-offsets.ts'
import { PYYAML_SCHEMA } from './yaml-schema.ts'

export type DocumentPath = readonly (string | number)[]

/** The value of a configuration file, and the position of each part in the file. */
export type ConfigDocument = {
  readonly value: unknown
  /** Returns the position of the value at a path, or of the nearest enclosing part that has one. */
  positionOf(path: DocumentPath): Position
  /** Returns the position of the key at the end of a path. */
  keyPositionOf(path: DocumentPath): Position
  /** The keys that occur again in the same mapping. */
  readonly repeatedKeys: readonly RepeatedKey[]
}

export type RepeatedKey = { readonly path: DocumentPath; readonly position: Position }

/**
 * Parses a YAML file. Of equal keys the last one counts. Throws ConfigError with the position of a syntax
 * error.
 */
export function parseYamlDocument(text: string, file: string, schema = PYYAML_SCHEMA): ConfigDocument {
  const positionAt = positionsIn(text, file)
  try {
    const events = parseEvents(text, { filename: file })
    const fault = findAliasFault(events, text)
    if (fault) throw notYaml(fault.message, positionAt(fault.offset))
    const value = load(text, { schema, filename: file, json: true })
    const offsets = collectOffsets(events, text)
    return {
      value,
      positionOf: (path) => positionAt(offsets.nearest(path, 'value')),
      keyPositionOf: (path) => positionAt(offsets.nearest(path, 'key')),
      repeatedKeys: offsets.repeated.map(({ path, offset }) => ({
        path,
        position: positionAt(offset),
      })),
    }
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error
    const lines = text.split('\n')
    const isSecond = /single document/.test(error.reason)
    // The parser has no place for it.
    const second = isSecond ? lines.findIndex((one, index) => index > 0 && /^---(?:\s|$)/.test(one)) : -1
    const { line, column } = second > 0 ? { line: second, column: 0 } : (error.mark ?? { line: 0, column: 0 })
    throw notYaml(reasonOf(error, lines[line]), { file, line: line + 1, column: column + 1 })
  }
}

/** Returns the parser's reason, or a plainer one for a tab that stands in an indentation. */
function reasonOf({ reason }: YAMLException, line = ''): string {
  if (/^ *\t/.test(line)) return 'a tab in the indentation; YAML takes only blanks there'
  // The parser says so of quoted texts only.
  if (reason === 'deficient indentation')
    return 'a quoted text above is not closed, or this line of it is not indented'
  if (/single document/.test(reason)) return 'a second document begins here; expected one in a file'
  return reason.replace(/^nesting exceeded maxDepth \((\d+)\)$/, 'it is nested more than $1 deep')
}

function notYaml(message: string, position: Position): ConfigError {
  const finding: Finding = { severity: 'error', code: 'yaml', path: '', message, position }
  return new ConfigError(`${position.file} is not YAML`, [finding])
}

/** Returns the member of a value at a path; undefined when there is none. */
export function memberOf(value: unknown, path: DocumentPath): unknown {
  return path.reduce((inner, key) => (inner as { [key: string]: unknown } | null | undefined)?.[key], value)
}
