import { ByteWriter } from './byte-writer.ts'
import type { HekaField, HekaMessage } from './message.ts'

/** Encodes a message as Heka does: in order of number, lists packed, what is not known last. */
export function encodeMessage(message: HekaMessage): Buffer {
  const writer = new ByteWriter()
  writer.bytes(1, message.uuid)
  writer.int64(2, message.timestamp)
  writer.bytes(3, message.type)
  writer.bytes(4, message.logger)
  writer.int32(5, message.severity)
  writer.bytes(6, message.payload)
  writer.bytes(7, message.envVersion)
  writer.int32(8, message.pid)
  writer.bytes(9, message.hostname)
  for (const field of message.fields) writer.bytes(10, encodeField(field))
  if (message.unrecognized) writer.raw(message.unrecognized)
  return writer.written()
}

function encodeField({ strings, bytes, integers, doubles, bools, ...field }: HekaField): Buffer {
  const writer = new ByteWriter()
  writer.bytes(1, field.name)
  writer.int32(2, field.valueType)
  writer.bytes(3, field.representation)
  for (const text of strings) writer.bytes(4, text)
  for (const one of bytes) writer.bytes(5, one)
  const list = new ByteWriter()
  pack(writer, list, 6, integers, (value) => list.varint64(value))
  pack(writer, list, 7, doubles, (value) => list.double(value))
  pack(writer, list, 8, bools, (value) => list.byte(value ? 1 : 0))
  if (field.unrecognized) writer.raw(field.unrecognized)
  return writer.written()
}

function pack<T>(
  writer: ByteWriter,
  list: ByteWriter,
  number: number,
  values: readonly T[],
  write: (value: T) => void,
): void {
  if (values.length === 0) return
  list.clear()
  for (const value of values) write(value)
  writer.bytes(number, list.written())
}
