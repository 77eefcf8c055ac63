import type { UsageCode } from './usage-orders.ts'

/**
 * What verifying the usage of a stream finds: for an exists `verified` or a code, after a `warning` if it is odd; for
 * what no exists follows U0 or `unbilled`; for several audit periods together `day`, or U9 or U10.
 */
export type UsageResult = UsageCode | 'U9' | 'U10' | 'verified' | 'unbilled' | 'day'

/** By which rules of the handler `usage`. */
export const USAGE_RULES = ['practical', 'stacktach'] as const

export type UsageRules = (typeof USAGE_RULES)[number]
