import type { AbortableQueryOptions } from 'kysely'
import type { SqlDialect } from '../dialect.ts'

/** How long what is read is waited for; given to `execute`. */
export type Reading = AbortableQueryOptions

/** Until the signal aborts; then the server ends the query too, where it can be told. */
export function readingUntil(signal: AbortSignal | undefined, { canCancel }: SqlDialect): Reading {
  if (!signal) return {}
  return canCancel ? { signal, inflightQueryAbortStrategy: 'cancel query' } : { signal }
}
