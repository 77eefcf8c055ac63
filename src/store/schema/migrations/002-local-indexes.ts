import type { ColumnTypes } from '../column-types.ts'

const IDS_PER_BUCKET = 8192

/**
 * Events that come late change fewer pages far from the others: the index by types is in the order of ids, the inverted
 * indexes are in buckets of fewer ids. The indexes by types and by times each hold what is asked for of the other.
 */
export function makeIndexesLocal(types: ColumnTypes): string[] {
  // Each kind of database has its own way to divide whole numbers, and both have this one.
  const bucketOf = (id: string) => `(${id} - ${id} % ${IDS_PER_BUCKET}) / ${IDS_PER_BUCKET}`
  return [
    ...types.replaceIndexes('event', {
      event_by_type: 'event_type_id, id, `generated`',
      event_by_time: '`generated`, id, event_type_id',
    }),
    `update event_trait set bucket = ${bucketOf('event_id')}`,
    `update stream_trait set bucket = ${bucketOf('stream_id')}`,
    // Found out anew by housekeeping.
    'delete from event_span',
  ]
}
