import { messageOf, StackTachError, TransientError } from '../domain/errors.ts'
import { Backoff, sleep } from '../runtime/backoff.ts'
import type { SqlDialect } from './dialect.ts'
import type { Executor } from './schema/schema.ts'

const MAX_TRIES = 10
/** Longest time, ms, for which a transaction is repeated; after that the caller decides whether to go on. */
const PATIENCE_MS = 5000

/**
 * Runs `work` in a transaction; one that lost a deadlock or a race for a key is rolled back and run again, up
 * to MAX_TRIES times or for PATIENCE_MS. Rejects with TransientError when that did not help, the database is
 * away or `signal` has aborted.
 *
 * @example
 * await inTransaction(db, dialect, (tx) => insertRows(tx, dialect, 'event_trait', rows))
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
      // On a broken connection the rollback fails too, with a less useful error.
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
  /** Called when the transaction is rolled back and run again. */
  readonly onRepeat?: (() => void) | undefined
  /** aborts when nobody waits any more; the transaction is then rolled back */
  readonly signal?: AbortSignal | undefined
}

function requireWaiting(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new TransientError('the request was cancelled; the transaction was rolled back')
}

/** Runs a query outside of a transaction; rejects with the same kinds of errors as inTransaction. */
export async function query<T>(dialect: SqlDialect, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw asStoreError(error, dialect)
  }
}

/** Returns a server error as a TransientError, unless it blames the values: the next attempt may succeed. */
function asStoreError(error: unknown, dialect: SqlDialect): unknown {
  if (error instanceof StackTachError || !dialect.isServerError(error)) return error
  if (dialect.isDataFault(error) && !dialect.isContention(error)) return error
  return new TransientError(`a request to the database failed: ${messageOf(error)}`, {
    cause: error,
  })
}
