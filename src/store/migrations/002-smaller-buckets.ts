const IDS_PER_BUCKET = 8192

/** The inverted indexes in buckets of fewer ids; the spans of closed buckets are found out anew. */
export function makeBucketsSmaller(): string[] {
  // Each kind of database has its own way to divide whole numbers, and both have this one.
  const bucketOf = (id: string) => `(${id} - ${id} % ${IDS_PER_BUCKET}) / ${IDS_PER_BUCKET}`
  return [
    `update event_trait set bucket = ${bucketOf('event_id')}`,
    `update stream_trait set bucket = ${bucketOf('stream_id')}`,
    'delete from event_span',
  ]
}
