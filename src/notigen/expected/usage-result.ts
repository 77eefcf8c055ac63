import type { UsageCode } from '../trouble/usage-orders.ts'

/**
 * A result of verifying the usage of a stream: for an exists `verified` or a code, preceded by `warning` if
 * the exists is odd; for events that no exists follows U0 or `unbilled`; for several audit periods together
 * `day`, U9 or U10.
 */
export type UsageResult = UsageCode | 'U9' | 'U10' | 'verified' | 'unbilled' | 'day'

/** Rules of the handler `usage` to verify by. */
export const USAGE_RULES = ['practical', 'stacktach'] as const

export type UsageRules = (typeof USAGE_RULES)[number]
