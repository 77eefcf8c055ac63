/** What a message of the log transport names: a file, a place in it, and the inode. */
export type MessageHead = {
  /** bytes of the name, which need not be UTF-8 */
  readonly file: Buffer
  /** place in the file after the last line; signed, 64 bits */
  readonly offset: bigint
  /** unsigned, 64 bits */
  readonly inode: bigint
}

/** Fields that only this project knows, by number. Other programs skip them. */
export type Extras = ReadonlyMap<number, Buffer>

/** A message as it was read: its lines one behind the other, and where each of them ends. */
export type ReadMessage = MessageHead & {
  /** the lines joined, in as many buffers as they have come in */
  readonly content: readonly Buffer[]
  /** index in the content after each line */
  readonly ends: readonly number[]
  readonly extras: Extras | undefined
}

/** Numbers of the fields that thunder has. */
export const FIELD = { file: 1, offset: 2, inode: 3, lines: 4 } as const

/** Bytes before the body of a message: its length, and an id. */
export const HEADER_BYTES = 8

/** Wire types of protobuf. */
export const WIRE = { varint: 0, fixed64: 1, bytes: 2, groupStart: 3, groupEnd: 4, fixed32: 5 } as const

/** A stream of bytes that is no stream of messages: its connection has to be given up. */
export class BrokenMessage extends Error {}
