import { ByteReader, DELIMITED, FIXED64, VARINT } from './byte-reader.ts'
import type { MessageView } from './message-view.ts'

const reader = new ByteReader()
const FIELDS = 10
/** Wire types of the fields of a message by number; 2 for texts. */
const MESSAGE_TYPES = [-1, 2, 0, 2, 2, 0, 2, 2, 0, 2, 2]

/**
 * Finds the parts of an encoded message and checks all of it, its fields too. Throws WireError where it is no message
 * of Heka. What it has found is in `view` then.
 *
 * @example
 * scanMessage(bytes, 0, bytes.length, view)
 * if (view.isComplete) relay(bytes)
 */
export function scanMessage(bytes: Buffer, from: number, end: number, view: MessageView): void {
  view.begin(bytes)
  reader.begin(bytes, from, end)
  let last = 0
  while (reader.at < end) {
    const begin = reader.at
    const tag = reader.tag()
    const number = tag >>> 3
    const wireType = tag & 7
    if (number === 0 || number > FIELDS) {
      reader.skip(wireType)
      view.unknown.push(begin, reader.at)
      last = FIELDS + 1
      continue
    }
    if (wireType !== MESSAGE_TYPES[number]) refuseType(number, wireType)
    if (number < last || (number === last && number !== FIELDS)) view.isCanonical = false
    last = number
    if (wireType === VARINT) scanNumber(number, view)
    else {
      const stop = reader.length()
      if (number === FIELDS) {
        view.addField(reader.at, stop)
        if (!scanField(reader, stop)) view.isCanonical = false
        reader.end = end
      } else {
        view.spans[2 * number] = reader.at
        view.spans[2 * number + 1] = stop
      }
      reader.at = stop
    }
  }
  if (!reader.isShortest) view.isCanonical = false
}

function scanNumber(number: number, view: MessageView): void {
  reader.varint()
  if (number === 2) {
    view.timestampLow = reader.low
    view.timestampHigh = reader.high
    view.hasTimestamp = true
    return
  }
  if (reader.high !== 0) view.isCanonical = false
  if (number === 5) {
    view.severity = reader.low | 0
    view.hasSeverity = true
  } else {
    view.pid = reader.low | 0
    view.hasPid = true
  }
}

function refuseType(number: number, wireType: number): never {
  return reader.fail(`holds field ${number} with the wire type ${wireType}`)
}

/**
 * Checks a field of a message from the next byte on to `end`. Returns whether encoding it again gives the same bytes,
 * as far as the field alone decides it.
 */
function scanField(source: ByteReader, end: number): boolean {
  source.end = end
  let last = 0
  let isCanonical = true
  while (source.at < end) {
    const tag = source.tag()
    const number = tag >>> 3
    const wireType = tag & 7
    if (number === 0 || number > 8) {
      source.skip(wireType)
      last = 9
      continue
    }
    const isText = number === 4 || number === 5
    if (number < last || (number === last && !isText)) isCanonical = false
    last = number
    if (number >= 6) {
      if (!scanList(source, number, wireType)) isCanonical = false
    } else if (number === 2) {
      if (wireType !== VARINT) refuseValue(source, number, wireType)
      source.varint()
      if (source.high !== 0) isCanonical = false
    } else {
      if (wireType !== DELIMITED) refuseValue(source, number, wireType)
      source.at = source.length()
    }
  }
  return isCanonical
}

/** Checks a list of numbers or truth values. Returns whether it is packed and not empty, with bools of 0 and 1. */
function scanList(source: ByteReader, number: number, wireType: number): boolean {
  const alone = number === 7 ? FIXED64 : VARINT
  if (wireType === alone) {
    source.skip(wireType)
    return false
  }
  if (wireType !== DELIMITED) refuseValue(source, number, wireType)
  const outer = source.end
  const stop = source.length()
  if (source.at === stop) return false
  source.end = stop
  let isCanonical = true
  if (number === 7) {
    if ((stop - source.at) % 8 !== 0) source.fail('holds a packed list that ends within a number')
    source.at = stop
  } else {
    while (source.at < stop) {
      const value = source.varint()
      if (number === 8 && value > 1) isCanonical = false
    }
  }
  source.end = outer
  return isCanonical
}

function refuseValue(source: ByteReader, number: number, wireType: number): never {
  return source.fail(`holds field ${number} of a field with the wire type ${wireType}`)
}
