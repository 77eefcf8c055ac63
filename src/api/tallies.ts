import { z } from 'zod'
import { STREAM_STATES } from '../domain/stream.ts'
import { TALLY_KINDS, type TallyKind } from '../domain/tally.ts'
import { formatIso } from '../domain/time.ts'
import type { CriteriaTexts, RestDropped, RestTrigger } from '../formats/tally-form.ts'
import { type Operation, operation } from '../http/operation.ts'
import type { StoredTally, StreamsOfTrigger, Tallies } from '../store/ports/tallies.ts'
import type { Trigger } from '../streams/trigger.ts'
import { maskSecrets } from '../text/mask-secrets.ts'
import { droppedQuery, noParams } from './params.ts'
import { droppedType, triggerCounters } from './shapes.ts'

/** More than the table holds. */
const ALL = 100_000
/** Most reasons of one trigger that are shown. */
const MOST_REASONS = 20
/** Streams are counted at most so often, ms: that goes through all of them. */
const COUNTED_EVERY_MS = 10_000

/** Returns the operation of `/v1/dropped`. */
export function droppedOperation(store: Tallies): Operation {
  return operation({
    method: 'get',
    path: '/v1/dropped',
    summary: 'notifications that no event definition matches, by queue and event type, the commonest first',
    query: droppedQuery,
    params: noParams,
    answer: z.array(droppedType),
    httpProblems: {},
    async run({ query: { limit = 200, queue } }): Promise<RestDropped[]> {
      const tallies = await store.listTallies(['dropped'], queue === undefined ? limit : ALL)
      const meant = queue === undefined ? tallies : tallies.filter(({ name }) => name === queue)
      return meant.slice(0, limit).map(({ name, detail, amount, firstAt, lastAt }) => ({
        ...{ queue: name, event_type: detail, count: amount },
        ...{ first_at: formatIso(firstAt), last_at: formatIso(lastAt) },
      }))
    },
  })
}

/** Returns the operation of `/v1/triggers`: those of the configuration in force, and others that have streams. */
export function triggersOperation(
  store: Tallies,
  triggers: readonly Trigger[],
  criteria: ReadonlyMap<string, CriteriaTexts> = new Map(),
): Operation {
  let counted: Promise<readonly StreamsOfTrigger[]> | undefined
  let countedAt = -Infinity

  function streams(): Promise<readonly StreamsOfTrigger[]> {
    if (counted && performance.now() - countedAt < COUNTED_EVERY_MS) return counted
    countedAt = performance.now()
    // Without the signal of one request: others wait for the same count.
    const counting = store.countStreamsByTrigger()
    counted = counting
    counting.catch(() => {
      counted = undefined
    })
    return counting
  }

  return operation({
    method: 'get',
    path: '/v1/triggers',
    summary:
      'triggers with their counters: events that match, and why others do not, streams by state, how they ended. Streams are counted at most every 10 s',
    query: noParams,
    params: noParams,
    answer: z.array(triggerCounters),
    httpProblems: {},
    async run(): Promise<RestTrigger[]> {
      const kinds = TALLY_KINDS.filter((kind) => kind !== 'dropped' && kind !== 'taken')
      const [byState, tallies] = await Promise.all([streams(), store.listTallies(kinds, ALL)])
      const names = new Set([
        ...triggers.map(({ name }) => name),
        ...byState.map(({ name }) => name),
        ...tallies.map(({ name }) => name),
      ])
      const ofName = Map.groupBy(tallies, ({ name }) => name)
      const streamsOf = Map.groupBy(byState, ({ name }) => name)
      return [...names].map((name) => {
        const trigger = triggers.find((one) => one.name === name)
        const shown = shownTrigger(name, trigger, ofName.get(name) ?? [], streamsOf.get(name) ?? [])
        return { ...shown, criteria: criteria.get(name) ?? null }
      })
    },
  })
}

function shownTrigger(
  name: string,
  trigger: Trigger | undefined,
  tallies: readonly StoredTally[],
  streams: readonly StreamsOfTrigger[],
): Omit<RestTrigger, 'criteria'> {
  const of = (kind: TallyKind) => tallies.filter((tally) => tally.kind === kind)
  const sum = (kind: TallyKind, column: 'amount' | 'total' = 'amount') =>
    of(kind).reduce((total, tally) => total + tally[column], 0)
  const timed = sum('fire_time')
  const ofState = (state: string) =>
    streams.reduce((total, one) => total + (one.state === state ? one.count : 0), 0)
  return {
    name,
    is_configured: trigger !== undefined,
    distinguished_by: trigger?.distinguishedBy.map(({ trait }) => trait) ?? [],
    fire_pipeline: trigger?.firePipeline ?? null,
    expire_pipeline: trigger?.expirePipeline ?? null,
    matched: sum('matched'),
    mismatched: sum('mismatched'),
    mismatches: of('mismatched')
      .slice(0, MOST_REASONS)
      .map(({ detail, amount, lastAt }) => ({
        ...{ reason: maskSecrets(detail), count: amount, last_at: formatIso(lastAt) },
      })),
    misplaced: sum('misplaced'),
    streams: Object.fromEntries(STREAM_STATES.map((state) => [state, ofState(state)])),
    ready: streams.reduce((total, { ready }) => total + ready, 0),
    fired: sum('fired'),
    expired: sum('expired'),
    failed: sum('failed'),
    mean_seconds_to_fire: timed === 0 ? null : sum('fire_time', 'total') / timed / 1e6,
  }
}
