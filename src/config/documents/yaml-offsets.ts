import { EVENT_ID, getScalarValue, type Event as YamlEvent } from 'js-yaml'

type DocumentPath = readonly (string | number)[]

/** Whether an offset is that of the key at the end of a path, or that of its value. */
export type Part = 'key' | 'value'

/** Offsets of the parts of a YAML text, by their paths. */
export class YamlOffsets {
  readonly #offsets = new Map<string, number>()
  readonly #aliases = new Map<string, DocumentPath>()
  /** the keys that occur again in the same mapping */
  readonly repeated: { readonly path: DocumentPath; readonly offset: number }[] = []

  /** Records the offset of a part. Ignores -1, the offset of a value that is left out. */
  set(path: DocumentPath, part: Part, offset: number): void {
    if (offset >= 0) this.#offsets.set(`${part}${nameOf(path)}`, offset)
  }

  /** Records that an alias stands at a path, and the path of what it names. */
  setAlias(path: DocumentPath, target: DocumentPath): void {
    this.#aliases.set(nameOf(path), target)
  }

  /**
   * Returns the offset of a part, or of the part around it. The offset of a part that an alias or `<<` brings
   * in is where it is written.
   */
  nearest(path: DocumentPath, part: Part): number {
    const written = path.length === 0 ? path : [...this.#follow(path.slice(0, -1), path.at(-1))]
    for (let length = written.length; length >= 0; length--) {
      const inner = nameOf(written.slice(0, length))
      const offset = this.#offsets.get(`${part}${inner}`) ?? this.#offsets.get(`value${inner}`)
      if (offset !== undefined) return offset
    }
    return 0
  }

  /** Returns the path at which a member of the value at `path` is written, which need not exist. */
  #follow(path: DocumentPath, member: string | number | undefined): DocumentPath {
    let at: DocumentPath = []
    for (const key of path) {
      at = this.#written(at, key) ?? [...at, key]
      at = this.#aliases.get(nameOf(at)) ?? at
    }
    return member === undefined ? at : (this.#written(at, member) ?? [...at, member])
  }

  /** Returns where a member of a mapping or list is written: there, or in what `<<` merges into it. */
  #written(at: DocumentPath, key: string | number): DocumentPath | undefined {
    const own = [...at, key]
    const name = nameOf(own)
    if (this.#offsets.has(`key${name}`) || this.#offsets.has(`value${name}`)) return own
    for (const source of this.#merged([...at, '<<'])) {
      const found = this.#written(source, key)
      if (found) return found
    }
    return undefined
  }

  /** Yields the paths of the mappings that `<<: *name` or `<<: [*name, …]` merges, in order. */
  *#merged(merge: DocumentPath): Generator<DocumentPath> {
    const one = this.#aliases.get(nameOf(merge))
    if (one) yield one
    for (let index = 0; ; index++) {
      const source = this.#aliases.get(nameOf([...merge, index]))
      if (!source) return
      yield source
    }
  }
}

function nameOf(path: DocumentPath): string {
  return JSON.stringify(path.map(String))
}

type Frame = {
  readonly path: DocumentPath
  readonly isMapping: boolean
  /** the keys of the mapping so far */
  readonly keys: Set<string>
  key: string | undefined
  index: number
}

/** Collects the offsets of all keys and values of a YAML text from the events of its parser. */
export function collectOffsets(events: readonly YamlEvent[], text: string): YamlOffsets {
  const offsets = new YamlOffsets()
  const anchors = new Map<string, DocumentPath>()
  const stack: Frame[] = []
  for (const event of events) {
    const frame = stack.at(-1)
    if (event.type === EVENT_ID.DOCUMENT) stack.push(frameAt([], false))
    else if (event.type === EVENT_ID.POP) stack.pop()
    else if (frame?.isMapping && frame.key === undefined && event.type === EVENT_ID.SCALAR) {
      frame.key = getScalarValue(text, event)
      const [path, offset] = [[...frame.path, frame.key], offsetOf(event)]
      if (frame.key !== '<<' && offset >= 0 && frame.keys.has(frame.key))
        offsets.repeated.push({ path, offset })
      frame.keys.add(frame.key)
      offsets.set(path, 'key', offset)
    } else if (frame) {
      const path = nextPath(frame, stack.length === 1)
      offsets.set(path, 'value', offsetOf(event))
      const anchor = anchorOf(event, text)
      if (event.type === EVENT_ID.ALIAS) offsets.setAlias(path, anchors.get(anchor ?? '') ?? path)
      else if (anchor !== undefined) anchors.set(anchor, path)
      const isMapping = event.type === EVENT_ID.MAPPING
      if (isMapping || event.type === EVENT_ID.SEQUENCE) stack.push(frameAt(path, isMapping))
    }
  }
  return offsets
}

function frameAt(path: DocumentPath, isMapping: boolean): Frame {
  return { path, isMapping, keys: new Set(), key: undefined, index: -1 }
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

/** Returns the name of an anchor or alias; undefined where an event has none. */
export function anchorOf(event: YamlEvent, text: string): string | undefined {
  if (!('anchorStart' in event) || event.anchorStart < 0) return undefined
  return text.slice(event.anchorStart, event.anchorEnd)
}
