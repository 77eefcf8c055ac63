/** Types of a field's values, by their numbers on the wire. */
export const VALUE_TYPES = ['STRING', 'BYTES', 'INTEGER', 'DOUBLE', 'BOOL'] as const

/** Numbers of the types of a field's values. */
export const STRING = 0
export const BYTES = 1
export const INTEGER = 2
export const DOUBLE = 3
export const BOOL = 4

/** The severity of a message that has none: debug. */
export const DEFAULT_SEVERITY = 7

/** Longest message that Heka takes, in bytes. */
export const MOST_MESSAGE_BYTES = 65_536

/**
 * A field of a message. Its values are in the list of its type; the other lists may hold values all the same. A scalar
 * that is absent on the wire is undefined, which is another thing than empty.
 */
export type HekaField = {
  readonly name?: Buffer | undefined
  /** number of the type, STRING where undefined; other numbers are of no type */
  readonly valueType?: number | undefined
  readonly representation?: Buffer | undefined
  readonly strings: readonly Buffer[]
  readonly bytes: readonly Buffer[]
  readonly integers: readonly bigint[]
  readonly doubles: readonly number[]
  readonly bools: readonly boolean[]
  /** fields of protobuf that Heka does not know, as they came */
  readonly unrecognized?: Buffer | undefined
}

/** A message of Heka. Texts are bytes, since nobody checks that they are UTF-8. Absent scalars are undefined. */
export type HekaMessage = {
  /** meant to be 16 bytes */
  readonly uuid?: Buffer | undefined
  /** nanoseconds since 1970 */
  readonly timestamp?: bigint | undefined
  readonly type?: Buffer | undefined
  readonly logger?: Buffer | undefined
  /** of syslog, 0 to 7; 7 where undefined */
  readonly severity?: number | undefined
  readonly payload?: Buffer | undefined
  readonly envVersion?: Buffer | undefined
  readonly pid?: number | undefined
  readonly hostname?: Buffer | undefined
  readonly fields: readonly HekaField[]
  readonly unrecognized?: Buffer | undefined
}
