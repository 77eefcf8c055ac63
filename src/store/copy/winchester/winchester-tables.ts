/** The tables of StackTach.v3, as its migrations made them; `trait` has a row for each trait of each event. */
export const WINCHESTER_TABLES = [
  'event',
  'trait',
  'event_type',
  'stream',
  'dist_trait',
  'streamevent',
] as const

/** Tables of StackTach.v3 that this project does not have: where one of them is, the database is not ours. */
export const ONLY_IN_WINCHESTER: ReadonlySet<string> = new Set(['trait', 'dist_trait', 'streamevent'])
