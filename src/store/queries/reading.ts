import type { AbortableQueryOptions } from 'kysely'
import type { SqlDialect } from '../dialect.ts'

/** Options of `execute` for how long a query is waited for. */
export type Reading = AbortableQueryOptions

/** Returns options that wait until the signal aborts, and then cancel the query where the server can. */
export function readingUntil(signal: AbortSignal | undefined, { canCancel }: SqlDialect): Reading {
  if (!signal) return {}
  return canCancel ? { signal, inflightQueryAbortStrategy: 'cancel query' } : { signal }
}
