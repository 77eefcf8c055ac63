import type { Router } from '../../domain/routing.ts'
import type { FinishedRun, StreamRuns } from '../ports/stream-runs.ts'
import type { SqlSession } from '../sql-session.ts'
import { claimOrphan, claimStreams, renewLeases } from './claim-streams.ts'
import { deleteStream } from './delete-stream.ts'
import { byGeneration, finishProducingRuns, finishQuietRuns, LeaseLost } from './finish-runs.ts'
import { nextDue } from './next-due.ts'
import { failRun, releaseClaims, rerunStreamOf, resetStreams } from './return-streams.ts'

export function createSqlStreamRuns(session: SqlSession): StreamRuns {
  const { context, transaction, query, lockWriter, lockOwnRow } = session
  return {
    nextDue: (withRetries) => query(() => nextDue(context, withRetries)),
    claimStreams: (request) => transaction((tx) => claimStreams(tx, context, request)),
    claimOrphan: (request) => transaction((tx) => claimOrphan(tx, context, request)),
    renewLeases: (claims, leaseMs) => transaction((tx) => renewLeases(tx, context, claims, leaseMs)),
    async finishRuns(runs, router) {
      const quiet = runs.filter(({ newEvents }) => newEvents.length === 0)
      const finished = new Set(await finishQuiet(session, quiet))
      for (const group of byGeneration(runs.filter(({ newEvents }) => newEvents.length > 0))) {
        for (const id of await finishProducing(session, group, router)) finished.add(id)
      }
      return finished
    },
    releaseClaims: (claims, waitMs) => transaction((tx) => releaseClaims(tx, context, claims, waitMs)),
    failRun: (run) =>
      transaction(async (tx) => {
        await lockOwnRow(tx)
        return failRun(tx, context, run)
      }),
    rerunStreamOf: (letter) => transaction(async (tx) => rerunStreamOf(tx, await lockWriter(tx), letter)),
    deleteStream: (id, signal) => transaction((tx) => deleteStream(tx, context, id), signal),
    resetStreams: (state, id, signal) =>
      transaction(async (tx) => {
        await lockOwnRow(tx)
        return resetStreams(tx, context, state, id)
      }, signal),
  }
}

/** Finishes runs without new events and returns the ids of their streams. */
async function finishQuiet(
  { context, transaction, lockOwnRow }: SqlSession,
  runs: readonly FinishedRun[],
): Promise<number[]> {
  if (runs.length === 0) return []
  return transaction(async (tx) => {
    await lockOwnRow(tx)
    return finishQuietRuns(tx, context, runs)
  })
}

/**
 * Finishes runs with new events in one transaction, repeated without those whose lease had gone. Returns the
 * ids of the finished streams.
 */
async function finishProducing(
  { context, transaction, query, lockWriter }: SqlSession,
  runs: readonly FinishedRun[],
  router: Router,
): Promise<number[]> {
  const types = runs.flatMap(({ newEvents }) => newEvents.map(({ event }) => event.eventType))
  await query(() => context.eventTypes.ensure(types))
  for (let left = runs; left.length > 0; ) {
    try {
      const current = left
      await transaction(async (tx) => {
        await finishProducingRuns(tx, await lockWriter(tx), current, router)
      })
      return left.map(({ claim }) => claim.stream.id)
    } catch (error) {
      if (!(error instanceof LeaseLost)) throw error
      const { runs: lost } = error
      left = left.filter((run) => !lost.includes(run))
    }
  }
  return []
}
