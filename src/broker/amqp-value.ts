/// <reference types="node" preserve="true" />
/**
 * A value of an AMQP table: of the headers of a message, or of the arguments of a queue.
 *
 * Types without a JavaScript value are written with their name: `{ '!': 'timestamp', value: 1700000000 }`
 * (seconds since the epoch), `{ '!': 'int64', value: 9007199254740993n }`, `{ '!': 'float', value: 0.5 }`. A
 * plain number is sent as the smallest integer type that holds it, or as a double. A received integer beyond
 * 2^53 becomes the nearest number.
 */
export type AmqpValue =
  | string
  | number
  | boolean
  | null
  | Buffer
  | readonly AmqpValue[]
  | TypedAmqpValue
  | AmqpTable

/** A value whose AMQP type is named. */
export type TypedAmqpValue =
  | { readonly '!': AmqpNumberType; readonly value: number | bigint }
  | { readonly '!': 'decimal'; readonly value: { readonly places: number; readonly digits: number } }

/** The numbers of AMQP 0-9-1; `timestamp` counts seconds since the epoch. */
export type AmqpNumberType =
  | 'int8'
  | 'uint8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'float'
  | 'double'
  | 'timestamp'

/** Values by name. Undefined values are left out. */
export type AmqpTable = { readonly [name: string]: AmqpValue | undefined }
