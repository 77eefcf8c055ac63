import { ByteReader } from './byte-reader.ts'
import type { MessageView } from './message-view.ts'

const reader = new ByteReader()
const NAME = 1
const NAME_TAG = 10

/** Returns the index of a field by its name and which of those it is, from 0; -1 where there is none. */
export function findField(view: MessageView, name: Buffer, which: number): number {
  const isNamed = view.isCanonical && name.length < 0x80 ? beginsWith : hasName
  let left = which
  for (let index = 0; index < view.fieldCount; index++) {
    const from = view.fieldSpans[2 * index] as number
    const end = view.fieldSpans[2 * index + 1] as number
    if (isNamed(view.bytes, from, end, name) && left-- === 0) return index
  }
  return -1
}

/** Whether a field in order has a name: it stands first. */
function beginsWith(bytes: Buffer, from: number, end: number, name: Buffer): boolean {
  if (from === end || bytes[from] !== NAME_TAG) return name.length === 0
  const { length } = name
  if (bytes[from + 1] !== length) return false
  for (let at = 0; at < length; at++) if (bytes[from + 2 + at] !== name[at]) return false
  return true
}

/** Whether a field that was scanned has a name; the last one counts. A field without one has the empty name. */
function hasName(bytes: Buffer, from: number, end: number, name: Buffer): boolean {
  reader.begin(bytes, from, end)
  let [nameFrom, nameEnd] = [from, from]
  while (reader.at < end) {
    const tag = reader.tag()
    if (tag >>> 3 === NAME) {
      nameEnd = reader.length()
      nameFrom = reader.at
      reader.at = nameEnd
    } else reader.skip(tag & 7)
  }
  const length = nameEnd - nameFrom
  return length === name.length && bytes.compare(name, 0, length, nameFrom, nameEnd) === 0
}
