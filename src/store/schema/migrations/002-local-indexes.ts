import type { ColumnTypes } from '../column-types.ts'

const IDS_PER_BUCKET = 8192

/**
 * Makes late events change fewer pages that are far from the others: the index by types is in the order of
 * ids, and the buckets of the inverted indexes have fewer ids. Both indexes of events are covering: (type,
 * id, time) and (time, id, type).
 */
export function makeIndexesLocal(types: ColumnTypes): string[] {
  // MySQL and SQLite divide whole numbers in different ways; both accept this one.
  const bucketOf = (id: string) => `(${id} - ${id} % ${IDS_PER_BUCKET}) / ${IDS_PER_BUCKET}`
  return [
    ...types.replaceIndexes('event', {
      event_by_type: 'event_type_id, id, `generated`',
      event_by_time: '`generated`, id, event_type_id',
    }),
    `update event_trait set bucket = ${bucketOf('event_id')}`,
    `update stream_trait set bucket = ${bucketOf('stream_id')}`,
    // Upkeep records the spans again.
    'delete from event_span',
  ]
}
