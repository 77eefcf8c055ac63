import type { ColumnTypes } from '../column-types.ts'

/** Lets consumers report where they stand in their queues: docs/architecture/clocks.md. */
export function addQueuePositions(type: ColumnTypes): string[] {
  return type.addColumns('writer', { queues: type.text, report_no: type.int, heard_at: type.int })
}
