/** Where a message stands: the offset of its message of AMQP in the stream, and which of those in it, from 0. */
export type Position = { readonly offset: number; readonly index: number }

/** Returns a position as text, such as `12.0`. */
export function positionText({ offset, index }: Position): string {
  return `${offset}.${index}`
}

/** Whether one position stands before another. */
export function isBefore(one: Position, other: Position): boolean {
  return one.offset < other.offset || (one.offset === other.offset && one.index < other.index)
}
