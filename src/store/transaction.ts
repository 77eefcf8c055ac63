import { messageOf, StackTachError, TransientError } from '../domain/errors.ts'
import { Backoff, sleep } from '../runtime/backoff.ts'
import type { SqlDialect } from './dialect.ts'
import type { Executor } from './schema/schema.ts'

const MAX_TRIES = 10
/** Who waited for a lock so long is told: whether to go on is not decided here. */
const PATIENCE_MS = 5000

/**
 * Runs a transaction; one that lost a deadlock or a race for a key is rolled back and run again. Rejects with
 * TransientError when the tries are used up or the database is away.
 */
export async function inTransaction<T>(
  db: Executor,
  dialect: SqlDialect,
  work: (tx: Executor) => Promise<T>,
  { onRepeat = () => {}, signal }: TransactionOptions = {},
): Promise<T> {
  const backoff = new Backoff({ initialMs: 5, maxMs: 500 })
  const begun = performance.now()
  for (let tries = 1; ; tries++) {
    let failure: unknown
    try {
      return await db.transaction().execute(async (tx) => {
        try {
          const done = await work(tx)
          requireWaiting(signal)
          return done
        } catch (error) {
          failure = error
          throw error
        }
      })
    } catch (last) {
      // Rolling back on a connection that broke fails too, and says less.
      const error = failure ?? last
      const isOver = tries >= MAX_TRIES || performance.now() - begun > PATIENCE_MS
      if (!dialect.isContention(error) || isOver) throw asStoreError(error, dialect)
      onRepeat()
      await sleep(backoff.next(), signal)
      requireWaiting(signal)
    }
  }
}

export type TransactionOptions = {
  /** told when it is rolled back and run again */
  readonly onRepeat?: (() => void) | undefined
  /** nobody waits any more: it is rolled back */
  readonly signal?: AbortSignal | undefined
}

function requireWaiting(signal: AbortSignal | undefined): void {
  if (signal?.aborted)
    throw new TransientError('nobody waits for the transaction any more; it is rolled back')
}

/** Runs a query outside of a transaction, its failures told apart in the same way. */
export async function query<T>(dialect: SqlDialect, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw asStoreError(error, dialect)
  }
}

/** What the server says, unless it blames the values, may be otherwise the next time. */
function asStoreError(error: unknown, dialect: SqlDialect): unknown {
  if (error instanceof StackTachError || !dialect.isServerError(error)) return error
  if (dialect.isDataFault(error) && !dialect.isContention(error)) return error
  return new TransientError(`the database did not take the transaction: ${messageOf(error)}`, {
    cause: error,
  })
}
