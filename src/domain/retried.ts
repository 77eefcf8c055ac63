/** What may become of a dead letter that is driven in again. */
export const RETRIED_OUTCOMES = [
  'stored',
  'duplicate',
  'dropped',
  'reset',
  'gone',
  'given',
  'missing',
  'failed',
] as const

/** The result of driving a dead letter in again. Only `failed` ones are still kept. */
export type Retried =
  | {
      readonly outcome: Exclude<(typeof RETRIED_OUTCOMES)[number], 'failed'>
      /** what did not happen, though it may have been wanted */
      readonly remark?: string | undefined
    }
  | { readonly outcome: 'failed'; readonly stage: string; readonly reason: string }

/** Describes what became of a dead letter. */
export function describeRetried(retried: Retried): string {
  const outcome = describeOutcome(retried)
  return retried.outcome === 'failed' || !retried.remark ? outcome : `${outcome}; ${retried.remark}`
}

function describeOutcome(retried: Retried): string {
  switch (retried.outcome) {
    case 'stored':
      return 'stored'
    case 'duplicate':
      return 'was already stored'
    case 'given':
      return 'taken by the app'
    case 'dropped':
      return 'no event definition matches it; removed'
    case 'reset':
      return 'its stream will be run again'
    case 'gone':
      return 'its stream has changed since; removed'
    case 'missing':
      return 'was retried or dropped by somebody else meanwhile'
    case 'failed':
      return `failed again, ${retried.stage}: ${retried.reason}`
  }
}
