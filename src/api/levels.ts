import { MICROS_PER_DAY, type Micros } from '../domain/time.ts'
import { levelsCsv, levelsPrometheus } from '../explain/levels/level-forms.ts'
import { type ReadAttempts, readAttempts } from '../explain/levels/read-attempts.ts'
import { BUCKETS, serviceLevels } from '../explain/levels/service-levels.ts'
import { type Operation, operation } from '../http/operation.ts'
import { StreamedAnswer } from '../http/streamed-answer.ts'
import type { Queries } from '../store/ports/queries.ts'
import { levelsQuery, noParams } from './params.ts'
import { levels as levelsShape } from './shapes.ts'

const DEFAULT_DAYS = 7
/** The same span asked for in another form is not read again, for so long, ms. */
const KEPT_MS = 60_000

/** Returns the operation of `/v1/levels`: how long operations of instances take, and how many fail. */
export function levelsOperation(store: Pick<Queries, 'listEvents'>, now: () => Micros): Operation {
  let last: { key: string; at: number; read: Promise<ReadAttempts> } | undefined

  return operation({
    method: 'get',
    path: '/v1/levels',
    summary:
      'how long create, delete, resize, rebuild and snapshot of instances take, and how many fail, by day: counts, percentiles and histograms. The last 7 days unless told otherwise; `format=csv` and `format=prometheus` for other programs',
    query: levelsQuery,
    params: noParams,
    answer: levelsShape,
    httpProblems: {},
    async run({ query, limits }) {
      // Up to the end of this minute, so that the span is the same for a while.
      const to = query.to_datetime ?? Math.ceil(now() / 60e6) * 60e6
      const from = query.from_datetime ?? to - DEFAULT_DAYS * MICROS_PER_DAY
      const key = `${from} ${to}`
      if (last?.key !== key || performance.now() - last.at > KEPT_MS) {
        await limits.admit(limits.maxBytes)
        // Without the signal of one request: others wait for the same reading.
        const read = readAttempts(store, { from, to }, { maxBytes: limits.maxBytes })
        const reading = { key, at: performance.now(), read }
        last = reading
        read.catch(() => {
          if (last === reading) last = undefined
        })
      }
      const { attempts, is_truncated } = await last.read
      const levels = serviceLevels(attempts, query.by)
      if (query.format === 'csv')
        return new StreamedAnswer([levelsCsv(levels, query.by)], undefined, 'text/csv')
      if (query.format === 'prometheus')
        return new StreamedAnswer([levelsPrometheus(levels, query.by)], undefined, 'text/plain')
      return { by: query.by ?? null, buckets_s: BUCKETS, is_truncated, levels }
    },
  })
}
