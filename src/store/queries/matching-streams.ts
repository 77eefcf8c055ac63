import type { StoreContext } from '../context.ts'
import type { StreamFilter } from '../ports/queries.ts'
import { idAtEnd } from './page.ts'
import { selectStreams, streamsByTraits } from './read-streams.ts'
import type { Reading } from './reading.ts'

/** Ids that one query returns: the server sorts those that match as often as there are portions. */
const PORTION = 50_000

/** Yields the ids of the streams that match a filter, upwards and in portions, without those that come later. */
export async function* matchingStreams(
  context: StoreContext,
  filter: StreamFilter,
  reading: Reading = {},
): AsyncGenerator<readonly number[]> {
  const top = await idAtEnd(context.db, 'stream', 'desc')
  if (top === undefined) return
  if (filter.traits?.length) {
    const page = { limit: Number.POSITIVE_INFINITY, mark: undefined, ascending: true }
    for await (const streams of streamsByTraits(context, filter, page, { top, reading }))
      if (streams.length > 0) yield streams.map(({ id }) => id)
    return
  }
  for (let mark = -1; ; ) {
    const rows = await selectStreams(context, filter)
      .select('id')
      .where('id', '>', mark)
      .where('id', '<=', top)
      .orderBy('id')
      .limit(PORTION)
      .execute(reading)
    if (rows.length > 0) yield rows.map(({ id }) => id)
    mark = rows.at(-1)?.id ?? mark
    if (rows.length < PORTION) return
  }
}
