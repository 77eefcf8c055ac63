import type { Micros } from '../../domain/time.ts'
import type { Page, Queries, ReadLimits } from '../../store/ports/queries.ts'
import { type Attempt, attemptsOf, STEP_TYPES, type StepEvent, stepOf } from './attempt.ts'

/** Longest time that an operation may take and still be found to have ended, µs. */
const LONGEST: Micros = 6 * 3_600_000_000
/** Most events that are read. */
const MOST_EVENTS = 200_000
const PAGE = 1000

export type ReadAttempts = { readonly attempts: readonly Attempt[]; readonly is_truncated: boolean }

/** Reads the attempts that began in a span of time, by types of events, which have an index. */
export async function readAttempts(
  queries: Pick<Queries, 'listEvents'>,
  { from, to }: { readonly from: Micros; readonly to: Micros },
  limits: ReadLimits,
): Promise<ReadAttempts> {
  const steps: StepEvent[] = []
  let isTruncated = false
  for (const eventType of STEP_TYPES) {
    let mark: number | undefined
    for (;;) {
      const page: Page = { limit: PAGE, mark, ascending: false, ...limits }
      const events = await queries.listEvents({ eventType, from: from - 1, to: to + LONGEST }, page)
      steps.push(...events.flatMap((event) => stepOf(event) ?? []))
      mark = events.at(-1)?.id
      if (mark === undefined) break
      if (steps.length >= MOST_EVENTS) {
        isTruncated = true
        break
      }
    }
  }
  const attempts = attemptsOf(steps).filter(({ at }) => at >= from && at < to)
  return { attempts, is_truncated: isTruncated }
}
