import type { Executor } from '../schema/schema.ts'

/** Changes that are kept: hours of a busy cloud. Who follows streams and is further behind has a gap. */
const KEPT = 100_000
const DELETED_AT_A_TIME = 5000

/** Deletes the oldest changes of streams beyond those that are kept. Returns true while there are more. */
export async function trimChanges(tx: Executor, kept = KEPT): Promise<boolean> {
  const end = (direction: 'asc' | 'desc') =>
    tx.selectFrom('stream_change').select('id').orderBy('id', direction).limit(1).executeTakeFirst()
  const [oldest, newest] = [await end('asc'), await end('desc')]
  if (!oldest || !newest) return false
  const until = Math.min(newest.id - kept, oldest.id + DELETED_AT_A_TIME - 1)
  if (until < oldest.id) return false
  await tx.deleteFrom('stream_change').where('id', '<=', until).execute()
  return until < newest.id - kept
}
