import { z } from 'zod'
import { SAMPLE_RINGS, type Sample } from '../domain/sample.ts'
import { formatIso } from '../domain/time.ts'
import { type Operation, operation } from '../http/operation.ts'
import type { Samples } from '../store/ports/samples.ts'
import { noParams, samplesQuery } from './params.ts'
import { processRow, samples as samplesShape } from './shapes.ts'

/** A process that was silent for longer may have ended, ms: they report every 10 s. */
const SILENT_MS = 30_000

/** Returns the operations of `/v1/samples` and `/v1/processes`: the deployment over time, and who works. */
export function sampleOperations(store: Samples): Operation[] {
  return [
    operation({
      method: 'get',
      path: '/v1/samples',
      summary:
        'figures of the deployment over time, in columns: an hour at 5 s (`step=5`), a day at 1 min (`step=60`)',
      query: samplesQuery,
      params: noParams,
      answer: samplesShape,
      httpProblems: {},
      async run({ query: { step = 5, after } }) {
        const ring = SAMPLE_RINGS.find(({ stepS }) => stepS === step) ?? SAMPLE_RINGS[0]
        const oldest = (Date.now() / 1000 - ring.stepS * ring.length) * 1e6
        const found = await store.listSamples(ring, Math.max(oldest, (after ?? 0) * 1e6))
        return { step_s: ring.stepS, at: found.map(({ at }) => at / 1e6), figures: columnsOf(found) }
      },
    }),
    operation({
      method: 'get',
      path: '/v1/processes',
      summary: 'consumers, workers and servers of all in one, with when they were heard of last',
      query: noParams,
      params: noParams,
      answer: z.array(processRow),
      httpProblems: {},
      async run() {
        const contacts = await store.listContacts()
        return contacts.map(({ name, role, startedAt, heardAt, ageMs }) => ({
          ...{ name, role, started_at: formatIso(startedAt), heard_at: formatIso(heardAt) },
          age_s: Math.round(ageMs / 100) / 10,
          is_silent: ageMs > SILENT_MS,
        }))
      },
    }),
  ]
}

/** Returns figures by name; null where a sample has none of the name. */
function columnsOf(found: readonly Sample[]): { [name: string]: (number | null)[] } {
  const names = new Set(found.flatMap(({ figures }) => Object.keys(figures)))
  return Object.fromEntries(
    [...names].sort().map((name) => [name, found.map(({ figures }) => figures[name] ?? null)]),
  )
}
