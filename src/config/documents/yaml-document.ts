import { EVENT_ID, getScalarValue, load, parseEvents, YAMLException, type Event as YamlEvent } from 'js-yaml'
import { ConfigError, type Finding, type Position } from '../../domain/errors.ts'
import { positionAt } from './position.ts'
import { findAliasFault } from './yaml-aliases.ts'
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
  try {
    const events = parseEvents(text, { filename: file })
    const fault = findAliasFault(events, text)
    if (fault) throw notYaml(fault.message, positionAt(text, fault.offset, file))
    const value = load(text, { schema, filename: file, json: true })
    const offsets = collectOffsets(events, text)
    return {
      value,
      positionOf: (path) => positionAt(text, offsets.nearest(path, 'value'), file),
      keyPositionOf: (path) => positionAt(text, offsets.nearest(path, 'key'), file),
      repeatedKeys: offsets.repeated.map(({ path, offset }) => ({
        path,
        position: positionAt(text, offset, file),
      })),
    }
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error
    const { line, column } = error.mark ?? { line: 0, column: 0 }
    throw notYaml(error.reason, { file, line: line + 1, column: column + 1 })
  }
}

function notYaml(message: string, position: Position): ConfigError {
  const finding: Finding = { severity: 'error', code: 'yaml', path: '', message, position }
  return new ConfigError(`${position.file} is not YAML`, [finding])
}

type Part = 'key' | 'value'
type Frame = {
  readonly path: DocumentPath
  readonly isMapping: boolean
  key: string | undefined
  index: number
}

class Offsets {
  readonly #offsets = new Map<string, number>()

  readonly repeated: { readonly path: DocumentPath; readonly offset: number }[] = []

  /** Records the offset of a part. Ignores -1, the offset of a value that is left out. */
  set(path: DocumentPath, part: Part, offset: number): void {
    if (offset < 0) return
    const key = `${part}${JSON.stringify(path.map(String))}`
    if (part === 'key' && path.at(-1) !== '<<' && this.#offsets.has(key)) this.repeated.push({ path, offset })
    this.#offsets.set(key, offset)
  }

  /**
   * Returns the offset of a part, or of the part around it: merged and aliased values have no offset of their
   * own.
   */
  nearest(path: DocumentPath, part: Part): number {
    for (let length = path.length; length >= 0; length--) {
      const inner = JSON.stringify(path.slice(0, length).map(String))
      const offset = this.#offsets.get(`${part}${inner}`) ?? this.#offsets.get(`value${inner}`)
      if (offset !== undefined) return offset
    }
    return 0
  }
}

function collectOffsets(events: readonly YamlEvent[], text: string): Offsets {
  const offsets = new Offsets()
  const stack: Frame[] = []
  for (const event of events) {
    const frame = stack.at(-1)
    if (event.type === EVENT_ID.DOCUMENT)
      stack.push({ path: [], isMapping: false, key: undefined, index: -1 })
    else if (event.type === EVENT_ID.POP) stack.pop()
    else if (frame?.isMapping && frame.key === undefined && event.type === EVENT_ID.SCALAR) {
      frame.key = getScalarValue(text, event)
      offsets.set([...frame.path, frame.key], 'key', offsetOf(event))
    } else if (frame) {
      const path = nextPath(frame, stack.length === 1)
      offsets.set(path, 'value', offsetOf(event))
      const isMapping = event.type === EVENT_ID.MAPPING
      if (isMapping || event.type === EVENT_ID.SEQUENCE) {
        stack.push({ path, isMapping, key: undefined, index: -1 })
      }
    }
  }
  return offsets
}

function nextPath(frame: Frame, isDocument: boolean): DocumentPath {
  if (isDocument) return []
  if (!frame.isMapping) return [...frame.path, ++frame.index]
  const path = [...frame.path, frame.key ?? '']
  frame.key = undefined
  return path
}

function offsetOf(event: YamlEvent): number {
  if (event.type === EVENT_ID.SCALAR) return event.valueStart
  if (event.type === EVENT_ID.ALIAS) return event.anchorStart
  return 'start' in event ? event.start : 0
}

/** Returns the member of a value at a path; undefined when there is none. */
export function memberOf(value: unknown, path: DocumentPath): unknown {
  return path.reduce((inner, key) => (inner as { [key: string]: unknown } | null | undefined)?.[key], value)
}
